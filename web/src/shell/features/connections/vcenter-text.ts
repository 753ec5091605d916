const en = {
  cpus: (count: number) => (count === 1 ? '1 CPU' : `${count} CPUs`),
  disk: (size: string) => `${size} of disks`,
  noTools: 'without VMware Tools',
  free: (free: string, all: string) => `${free} of ${all} free`,
  kinds: {
    cluster: 'Cluster',
    host: 'Host',
    pool: 'Resource pool',
    vapp: 'vApp',
    'datastore-cluster': 'Datastore cluster',
  } as Record<string, string>,
};

const de: typeof en = {
  cpus: count => (count === 1 ? '1 CPU' : `${count} CPUs`),
  disk: size => `${size} Festplatten`,
  noTools: 'ohne VMware Tools',
  free: (free, all) => `${free} von ${all} frei`,
  kinds: {
    cluster: 'Cluster',
    host: 'Host',
    pool: 'Ressourcenpool',
    vapp: 'vApp',
    'datastore-cluster': 'Datenspeicher-Cluster',
  },
};

export const text = { en, de };
