//! Core of EAF without WebAssembly and HTTP: tenancy, event store, command bus, projections,
//! workflows, encryption.
//!
//! Functions take clock and entropy as parameters ([`clock`]), and access tenants' rows through
//! [`db::TenantTx`]. All SQL of the host is in this crate.

pub mod actor;
pub mod anchor;
pub mod audit;
pub mod capability;
pub mod clock;
pub mod command_bus;
pub mod connection;
pub mod consumers;
pub mod contract;
pub mod crypto;
pub mod db;
pub mod departure;
pub mod directory;
pub mod doorbell;
pub mod draft;
pub mod erasure;
pub mod event_store;
pub mod grant;
pub mod id;
mod leaf;
pub mod live;
pub mod mail_log;
pub mod mail_pause;
pub mod managed_resource;
pub mod master_key;
mod notification;
pub mod observation;
pub mod package;
pub mod product;
pub mod rate_limit;
pub mod retention;
pub mod session;
pub mod setting;
#[cfg(feature = "testing")]
pub mod testing;
pub mod trace;
pub mod used_state;
pub mod verify;
pub mod view;
pub mod workflow;

use std::ops::Deref;
use std::sync::Arc;

/// All services of the core, created together when the host starts. Cheap to clone.
///
/// A function takes only the services that it uses, so that its signature shows its dependencies.
/// Only modules that compose services take the whole `Core`. The services are read as fields of
/// [`Services`]; no service of a `Core` can be replaced.
#[derive(Clone)]
pub struct Core(Arc<Services>);

/// Services of a [`Core`].
#[derive(Clone)]
pub struct Services {
    pub db: db::Db,
    pub ambient: clock::Ambient,
    pub keyring: crypto::Keyring,
    /// Author of the administrative acts of this process: the host itself, or an operator on the
    /// command line.
    pub by: actor::Attribution,
    pub directory: directory::Directory,
    pub sessions: session::Sessions,
    pub connections: connection::Connections,
    pub master_keys: master_key::MasterKeyRegistry,
    pub erasure: erasure::Erasure,
    pub consumers: consumers::Consumers,
    pub appender: event_store::Appender,
    pub bus: command_bus::CommandBus,
    pub journal: workflow::Journal,
    pub doorbell: doorbell::Doorbell,
    pub feed: live::Feed,
}

impl Core {
    /// Starts the core, with the tasks of doorbell and feed, which need a tokio runtime. `master`
    /// is the host's master key, or two keys while the master key is rotated. `quota` limits the
    /// commands of each tenant.
    pub fn start(
        db: db::Db,
        ambient: clock::Ambient,
        master: impl Into<crypto::MasterKeys>,
        quota: command_bus::CommandQuota,
    ) -> Self {
        let keyring = crypto::Keyring::new(&master.into(), ambient.clone());
        let doorbell = doorbell::Doorbell::start(&db, &ambient);
        let feed = live::Feed::start(&db, &ambient);
        let directory = directory::Directory::new(&db, &keyring, &ambient);
        let trace = actor::TraceId(ambient.uuid().simple().to_string());
        let appender = event_store::Appender::new(&db, &doorbell);
        Core(Arc::new(Services {
            by: actor::Attribution { actor: id::ActorId::SYSTEM, origin: None, trace },
            sessions: session::Sessions::new(&db, &ambient),
            connections: connection::Connections::new(&db, &keyring),
            master_keys: master_key::MasterKeyRegistry::new(&db, &keyring, &ambient, &directory),
            erasure: erasure::Erasure::new(&db, &directory),
            consumers: consumers::Consumers::new(&db, &keyring, &feed),
            journal: workflow::Journal::new(&db, &keyring),
            bus: command_bus::CommandBus::new(&db, &ambient, &keyring, &appender, quota),
            appender,
            db,
            ambient,
            keyring,
            directory,
            doorbell,
            feed,
        }))
    }

    /// Returns the same services with another author of administrative acts.
    pub fn with_author(&self, by: actor::Attribution) -> Self {
        Core(Arc::new(Services { by, ..Services::clone(self) }))
    }

    /// Returns the same services with another clock for sessions, whose ends compare with the times
    /// of the identity provider.
    pub fn with_session_clock(&self, ambient: &clock::Ambient) -> Self {
        let sessions = session::Sessions::new(&self.db, ambient);
        Core(Arc::new(Services { sessions, ..Services::clone(self) }))
    }

    /// Returns the same services with a command bus whose stream cache is empty.
    #[cfg(feature = "testing")]
    pub fn with_empty_stream_cache(&self) -> Self {
        Core(Arc::new(Services { bus: self.bus.clone().with_empty_cache(), ..Services::clone(self) }))
    }
}

impl Deref for Core {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.0
    }
}
