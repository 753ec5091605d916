const en = {
  title: 'Groups',
  lead: 'Groups of members, which rules of products can name, for example as approvers.',
  empty: 'There are no groups yet.',
  name: 'Name',
  nameMissing: 'Enter a name.',
  key: 'Key',
  size: 'Members',
  members: 'Members of the group',
  noMembers: 'This group has no members yet.',
  email: 'Mail address',
  keyOf: (key: string) => `Key: ${key}`,
  make: {
    action: 'New group',
    title: 'New group',
    lead: 'Members are added on the group’s page afterwards.',
    nameHint: 'Up to 100 characters. The name can be changed later.',
    keyHint:
      'Rules of products name the group by this key, which never changes: 1 to 40 lower-case letters (a to z), digits and hyphens.',
    keyMissing: 'Enter a key.',
    taken: (name: string) => `The group “${name}” has this key. Choose another one.`,
    submit: 'Create group',
    done: (name: string) => `The group ${name} is created.`,
  },
  rename: {
    action: 'Rename',
    title: (name: string) => `Rename ${name}`,
    lead: 'The key stays, so rules of products still mean this group.',
    submit: 'Rename',
    done: (name: string) => `The group is now called ${name}.`,
    changed: (name: string) =>
      `Another administrator has named the group ${name} meanwhile. Save again to replace this name.`,
  },
  remove: {
    action: 'Delete',
    title: (name: string) => `Delete the group ${name}?`,
    lead: (size: string) => `It has ${size} at present, who stay members of your organisation.`,
    sizes: (count: string) => `${count} members`,
    one: '1 member',
    rules: 'Rules of products that name the group then mean no one by it. Change such rules first.',
    confirm: 'Delete group',
    done: (name: string) => `The group ${name} is deleted.`,
  },
  add: {
    action: 'Add a member',
    title: (group: string) => `Add to ${group}`,
    done: (name: string, group: string) => `${name} is in ${group}.`,
  },
  drop: {
    header: 'Action',
    action: 'Remove',
    of: (name: string) => `Remove ${name} from the group`,
    done: (name: string, group: string) => `${name} is no longer in ${group}.`,
  },
};

const de: typeof en = {
  title: 'Gruppen',
  lead: 'Gruppen von Mitgliedern, die Regeln der Produkte nennen können, etwa für Freigaben.',
  empty: 'Es gibt noch keine Gruppen.',
  name: 'Name',
  nameMissing: 'Geben Sie einen Namen ein.',
  key: 'Schlüssel',
  size: 'Mitglieder',
  members: 'Mitglieder der Gruppe',
  noMembers: 'Diese Gruppe hat noch keine Mitglieder.',
  email: 'Mailadresse',
  keyOf: key => `Schlüssel: ${key}`,
  make: {
    action: 'Neue Gruppe',
    title: 'Neue Gruppe',
    lead: 'Mitglieder nehmen Sie danach auf der Seite der Gruppe auf.',
    nameHint: 'Bis zu 100 Zeichen. Der Name lässt sich später ändern.',
    keyHint:
      'Regeln der Produkte nennen die Gruppe mit diesem Schlüssel, der sich nie ändert: 1 bis 40 Kleinbuchstaben (a bis z), Ziffern und Bindestriche.',
    keyMissing: 'Geben Sie einen Schlüssel ein.',
    taken: name => `Diesen Schlüssel hat die Gruppe „${name}“. Wählen Sie einen anderen.`,
    submit: 'Gruppe anlegen',
    done: name => `Die Gruppe ${name} ist angelegt.`,
  },
  rename: {
    action: 'Umbenennen',
    title: name => `${name} umbenennen`,
    lead: 'Der Schlüssel bleibt, und Regeln der Produkte meinen weiter diese Gruppe.',
    submit: 'Umbenennen',
    done: name => `Die Gruppe heißt jetzt ${name}.`,
    changed: name =>
      `Eine andere Person der Administration hat die Gruppe inzwischen ${name} genannt. Speichern Sie noch einmal, um diesen Namen zu ersetzen.`,
  },
  remove: {
    action: 'Löschen',
    title: name => `Gruppe ${name} löschen?`,
    lead: size => `Sie hat zurzeit ${size}; diese bleiben Mitglieder Ihrer Organisation.`,
    sizes: count => `${count} Mitglieder`,
    one: '1 Mitglied',
    rules:
      'Regeln der Produkte, die die Gruppe nennen, meinen danach niemanden mehr. Ändern Sie solche Regeln zuerst.',
    confirm: 'Gruppe löschen',
    done: name => `Die Gruppe ${name} ist gelöscht.`,
  },
  add: {
    action: 'Mitglied hinzufügen',
    title: group => `Zu ${group} hinzufügen`,
    done: (name, group) => `${name} ist in ${group}.`,
  },
  drop: {
    header: 'Aktion',
    action: 'Entfernen',
    of: name => `${name} aus der Gruppe entfernen`,
    done: (name, group) => `${name} ist nicht mehr in ${group}.`,
  },
};

export const text = { en, de };
