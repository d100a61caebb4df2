// The part of noVNC's RFB that the viewer uses. The code itself comes from the npm package.
export default class RFB extends EventTarget {
  constructor(target: HTMLElement, channel: string | WebSocket, options?: { shared?: boolean });
  background: string;
  scaleViewport: boolean;
  resizeSession: boolean;
  disconnect(): void;
  focus(options?: FocusOptions): void;
  blur(): void;
  sendKey(keysym: number, code: string, down?: boolean): void;
  sendCtrlAltDel(): void;
  clipboardPasteFrom(text: string): void;
  addEventListener(type: 'clipboard', listener: (event: CustomEvent<{ text: string }>) => void): void;
  addEventListener(type: 'connect' | 'disconnect', listener: (event: CustomEvent) => void): void;
}
