import { type DragEvent, useState } from 'react';
import type { CardDrag } from './stage-card';

/** Moves cards by the pointer. The keyboard has the buttons of each card. */
export function useCardDrag(move: (from: number, to: number) => void): (index: number) => CardDrag {
  const [from, setFrom] = useState<number | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const end = () => {
    setFrom(null);
    setOver(null);
  };
  return index => ({
    isTarget: over === index && from !== index,
    onDragStart: (event: DragEvent) => {
      const card = event.currentTarget.closest('li');
      if (card) event.dataTransfer.setDragImage(card, 0, 0);
      event.dataTransfer.effectAllowed = 'move';
      setFrom(index);
    },
    onDragEnd: end,
    onDragOver: (event: DragEvent) => {
      if (from === null) return;
      event.preventDefault();
      if (over !== index) setOver(index);
    },
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      if (from !== null && from !== index) move(from, index);
      end();
    },
  });
}
