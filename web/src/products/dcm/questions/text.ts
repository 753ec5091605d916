const en = {
  title: 'Questions about the request',
  thread: 'Questions and answers, in order',
  kinds: {
    question: (name: string) => `${name} asked`,
    answer: (name: string) => `${name} answered`,
    proposal: (name: string) => `${name} proposed changes`,
    decline: (name: string) => `${name} declined the changes`,
  },
  erased: 'A person whose data was erased',
  erasedText: 'The text was erased with its author.',
  onEarlier: (number: string) => `about revision ${number}, before the request was changed`,
  awaits: (name: string, time: string) => `Waits for the answer of ${name} since ${time}.`,
  awaitsSome: (time: string) => `Waits for the requester’s answer since ${time}.`,
  awaitsYours: (time: string) => `Waits for your answer since ${time}.`,
  stands: 'No deadline runs until then.',
  standsWith: (left: string) => `The deadline stands still until then (${left} of working time left).`,
  ask: {
    title: (name: string) => `Ask back about ${name}?`,
    lead: 'The requester gets your question by e-mail and can answer it or change the request. No deadline runs until then. You can still decide meanwhile.',
    question: 'Question',
    hint: 'The requester and all who decide can read it.',
    done: (name: string) => `Your question about ${name} was sent`,
  },
  answer: {
    label: 'Your answer',
    hint: 'It answers all open questions. All who decide can read it.',
    done: (name: string) => `Your answer about ${name} was sent`,
    instead: 'Change the request instead',
  },
};

const de: typeof en = {
  title: 'Rückfragen zum Antrag',
  thread: 'Rückfragen und Antworten, der Reihe nach',
  kinds: {
    question: name => `${name} fragt`,
    answer: name => `${name} antwortet`,
    proposal: name => `${name} schlägt Änderungen vor`,
    decline: name => `${name} lehnt die Änderungen ab`,
  },
  erased: 'Eine Person, deren Daten gelöscht wurden,',
  erasedText: 'Der Text wurde mit den Daten der Person gelöscht.',
  onEarlier: number => `zur Fassung ${number}, vor der Änderung des Antrags`,
  awaits: (name, time) => `Wartet seit ${time} auf die Antwort von ${name}.`,
  awaitsSome: time => `Wartet seit ${time} auf die Antwort der antragstellenden Person.`,
  awaitsYours: time => `Wartet seit ${time} auf Ihre Antwort.`,
  stands: 'Bis dahin läuft keine Frist.',
  standsWith: left => `Bis dahin steht die Frist still (noch ${left} Arbeitszeit).`,
  ask: {
    title: name => `Rückfrage zu ${name} stellen?`,
    lead: 'Die antragstellende Person erhält Ihre Rückfrage per E-Mail und kann sie beantworten oder den Antrag ändern. Bis dahin läuft keine Frist. Entscheiden können Sie auch währenddessen.',
    question: 'Rückfrage',
    hint: 'Die antragstellende Person und alle, die entscheiden, können sie lesen.',
    done: name => `Ihre Rückfrage zu ${name} wurde gesendet`,
  },
  answer: {
    label: 'Ihre Antwort',
    hint: 'Sie beantwortet alle offenen Rückfragen. Alle, die entscheiden, können sie lesen.',
    done: name => `Ihre Antwort zu ${name} wurde gesendet`,
    instead: 'Stattdessen den Antrag ändern',
  },
};

export const text = { en, de };
