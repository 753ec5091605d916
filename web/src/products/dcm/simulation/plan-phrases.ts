import { needsPhrase, peopleOf, type Speech } from '../policies/sentence';
import type { SimulatedPlan, SimulatedStage } from './simulation';
import type { text } from './text';

type SimulationText = (typeof text)['en'];

/** One phrase per stage, in order, or one for the rules that approve the request without people. */
export function planPhrases({ stages, rules }: SimulatedPlan, t: SimulationText, speech: Speech): string[] {
  if (stages.length > 0) return stages.map(stage => stagePhrase(stage, t, speech));
  return [t.automatic(speech.format.allOf(rules.map(({ name }) => name)))];
}

function stagePhrase({ name, approvers, needs }: SimulatedStage, t: SimulationText, speech: Speech): string {
  const people = peopleOf(approvers, speech);
  const stage = name ?? t.onlyStage;
  return needs === 'any' ? t.stage(stage, people) : t.stageNeeds(stage, people, needsPhrase(needs, speech));
}
