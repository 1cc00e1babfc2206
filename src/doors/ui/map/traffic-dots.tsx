/**
 * Dots along the edges, one per few requests: at most 60 alive, only while the lab runs at 1× or slower,
 * never in the past, on a hidden page, with many hosts or with reduced motion (then numbers tell).
 */
import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import * as mirror from '../mirror/mirror.ts';
import type { MapEdge } from './map-layout.ts';

const DOTS_MAX = 60;
const EDGES_MAX = 300;
const NAMESPACE = 'http://www.w3.org/2000/svg';

export function TrafficDots({ edges }: { readonly edges: readonly MapEdge[] }) {
  const ref = useRef<SVGGElement>(null);
  const known = useRef(edges);
  known.current = edges;
  useEffect(
    () =>
      effect(() => {
        const flows = mirror.traffic.value;
        const group = ref.current;
        const moves = mirror.running.value && mirror.speed.value > 0 && mirror.speed.value <= 1;
        if (group === null || !moves || mirror.inPast.value || document.hidden) return;
        if (
          known.current.length > EDGES_MAX ||
          matchMedia('(prefers-reduced-motion: reduce)').matches
        )
          return;
        for (const flow of flows) {
          const edge = known.current.find(
            (one) => one.service === flow.service && (one.pod === flow.to || flow.to === ''),
          );
          if (edge !== undefined && group.childElementCount < DOTS_MAX)
            addDot(group, edge, flow.failed > 0);
        }
      }),
    [],
  );
  // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a drawing, not a control
  return <g ref={ref} aria-hidden="true" />;
}

function addDot(group: SVGGElement, edge: MapEdge, failed: boolean): void {
  const dot = document.createElementNS(NAMESPACE, 'circle');
  dot.setAttribute('r', '2.6');
  dot.setAttribute('class', failed ? 'dot failed' : 'dot');
  dot.style.setProperty('offset-path', `path("${edge.path}")`);
  dot.addEventListener('animationend', () => dot.remove());
  group.append(dot);
}
