// Small helpers over the DOM. Text gets in by textContent alone: nothing here, and nothing that
// uses it, ever parses markup, so a title or a name can't become script.

/**
 * Makes an element. Attributes are set as attributes; `on` holds event handlers; `text` its text.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {{text?: string, on?: Record<string, (event: any) => void>,
 *          [name: string]: any}} [props]
 * @param {...(Node | null)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === 'text') node.textContent = value;
    else if (name === 'on') listen(node, value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  for (const child of children) if (child) node.append(child);
  return node;
}

/**
 * @param {Element} node
 * @param {Record<string, (event: any) => void>} handlers
 */
function listen(node, handlers) {
  for (const [event, handler] of Object.entries(handlers)) node.addEventListener(event, handler);
}

/**
 * The element with this id; a page without it is a programming error.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @param {new () => T} [type]
 * @returns {T}
 */
export function byId(id, type) {
  const node = document.getElementById(id);
  if (!node || (type && !(node instanceof type))) throw new Error(`this page has no #${id}`);
  return /** @type {T} */ (node);
}

/**
 * Sets text only when it differs, so that screen readers hear a change and not every poll.
 * @param {Element} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * @param {Element} node
 * @param {boolean} shown
 */
export function show(node, shown) {
  node.toggleAttribute('hidden', !shown);
}

/**
 * Makes `list` hold exactly the nodes of `wanted`, in order, touching only what differs: focus and
 * scroll positions outlive a poll.
 * @param {Element} list
 * @param {Element[]} wanted
 */
export function arrange(list, wanted) {
  const keep = new Set(wanted);
  for (const node of [...list.children]) if (!keep.has(node)) node.remove();
  wanted.forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
}

/**
 * Copies text; falls back to a selection where the clipboard API is refused.
 * @param {string} text
 * @returns {Promise<boolean>}
 */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = el('textarea', { class: 'offscreen', readonly: true, 'aria-hidden': 'true' });
    field.value = text;
    const host = document.querySelector('dialog[open]') ?? document.body;
    const focused = document.activeElement;
    host.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return done;
  }
}

/**
 * Asks in a modal dialog; resolves to the value of the button that was pressed, or '' when it was
 * dismissed. The first choice has the focus.
 * @param {{title: string, lines: string[], extra?: HTMLElement,
 *          choices: {value: string, label: string, kind?: string}[]}} question
 * @returns {Promise<string>}
 */
export function ask(question) {
  const dialog = el('dialog', { 'aria-labelledby': 'ask-title', class: 'ask' },
    el('h2', { id: 'ask-title', text: question.title }),
    ...question.lines.map((line) => el('p', { text: line })),
    question.extra ?? null);
  const row = el('div', { class: 'row end' });
  for (const choice of question.choices) {
    row.append(el('button', {
      type: 'button', class: choice.kind ?? '', text: choice.label, 'data-choice': choice.value,
      on: { click: () => dialog.close(choice.value) },
    }));
  }
  dialog.append(row);
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
    dialog.addEventListener('cancel', () => { dialog.returnValue = ''; });
    dialog.showModal();
    /** @type {HTMLElement | null} */ (row.querySelector('button'))?.focus();
  });
}
