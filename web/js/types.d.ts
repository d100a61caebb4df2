// The shapes that docs/HTTP_API.md promises. Only what the pages read.

export type Phase = 'booked' | 'starting' | 'running' | 'ending' | 'closing' | 'over';

export type Step =
  | 'planned' | 'waiting' | 'intent' | 'launched' | 'running' | 'addressed' | 'named' | 'ready'
  | 'stale' | 'occupied' | 'closing' | 'fenced' | 'unnamed' | 'killing' | 'released' | 'replaced'
  | 'failed' | 'ended';

export type EndReason =
  | 'cancelled' | 'ended_by_organiser' | 'ended_by_everyone' | 'no_show' | 'completed'
  | 'partial_no_show' | 'overran' | 'failed';

export type CloseReason = 'meeting_ended' | 'unused' | 'died' | 'never_ready';

export interface Start { at: string; zone: string; local: string }
export interface End { reason: EndReason; at: string; by?: string }

export interface Seat {
  id: string; role: string; name: string; email: string; link: string; step: Step;
  attempt: number; desktop: { id: string; url: string } | null; used: boolean;
  connections: number | null; failed: string | null; trouble: string | null;
}

export interface Meeting {
  id: string; title: string; owner: string; created_at: string; start: Start;
  length_minutes: number; extended_minutes: number; call_url: string; phase: Phase;
  launch_at: string; planned_end: string; hard_cap: string; end: End | null;
  over_at: string | null; seats: Seat[];
}

export interface MeetingPage { meetings: Meeting[]; next: string }

export interface Me { principal: string; scopes: string[]; roles: string[]; version: string }

export interface JoinStep { name: string; at: string | null }

export interface JoinStatus {
  seat: string; role: string; name: string; title: string; call_url: string; start: Start;
  launch_at: string; planned_end: string; hard_cap: string; phase: Phase; step: Step;
  attempt: number; can_enter: boolean; can_restart: boolean; steps: JoinStep[];
  others: { role: string; name: string; here: boolean }[];
  trouble: string | null; failed: string | null; release_at: string | null;
  closing: CloseReason | null; end: End | null;
}

export interface Desk {
  desktop: string; seat: string; role: string; name: string; title: string; call_url: string;
  planned_end: string; hard_cap: string; join_url: string; connected: number;
}

// What /v1/desk/events adds to, or keeps of, the join status.
export interface DeskStatus extends Partial<JoinStatus> {
  hard_cap: string; end: End | null; connected: number;
}
