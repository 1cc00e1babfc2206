/** Monaco behind mount, update and dispose. */
import type { Marker } from '../../worker/protocol.ts';

export interface MountedEditor {
  update(text: string, markers: readonly Marker[]): void;
  restyle(): void;
  focus(): void;
  dispose(): void;
}

export function mountEditor(_host: HTMLElement, _path: string, _text: string): MountedEditor {
  throw new Error('not yet');
}
