//! Codes of failures, declared as enums, so that a failure has no code without a declaration, and
//! a test can compare the declared codes with the texts.

/// Enum of failure codes, made by [`failure_codes!`](crate::failure_codes).
pub trait FailureCode: Copy + 'static {
    /// All codes of the enum.
    const ALL: &'static [&'static str];

    fn as_str(self) -> &'static str;
}

/// Declares an enum of failure codes: each variant with its code in kebab case.
#[macro_export]
macro_rules! failure_codes {
    ($(#[$meta:meta])* $visibility:vis enum $name:ident { $($variant:ident = $code:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $visibility enum $name {
            $($variant,)+
        }

        impl $name {
            $visibility const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }
        }

        impl $crate::capability::FailureCode for $name {
            const ALL: &'static [&'static str] = &[$($code,)+];

            fn as_str(self) -> &'static str {
                self.as_str()
            }
        }
    };
}

failure_codes! {
    /// Failure codes of the host and of the workflow engine. Capabilities use them too, for
    /// failures that are not specific to one system.
    pub enum HostCode {
        NotRequested = "not-requested",
        NotGranted = "not-granted",
        ProductInactive = "product-inactive",
        GrantExpired = "grant-expired",
        NoPlugin = "no-plugin",
        ComponentStopped = "component-stopped",
        ConnectionMissing = "connection-missing",
        Diverged = "diverged",
        JournalEntries = "journal-entries",
        HostCalls = "host-calls",
        TooLarge = "too-large",
        Corrupt = "corrupt",
        Erased = "erased",
        ConnectionSettings = "connection-settings",
        ConnectionUnreadable = "connection-unreadable",
        TestTooLong = "test-too-long",
        ChoicesTooLong = "choices-too-long",
        ObservationTooLong = "observation-too-long",
        NothingToChoose = "nothing-to-choose",
        NoAnswer = "no-answer",
        NoProvider = "no-provider",
        NoWorkflow = "no-workflow",
        UnknownFunction = "unknown-function",
        UnknownView = "unknown-view",
        UnknownCommand = "unknown-command",
        CommandRefused = "command-refused",
        Arguments = "arguments",
        NothingPending = "nothing-pending",
        Conflict = "conflict",
        Generation = "generation",
        Overloaded = "overloaded",
        EventUnknown = "event-unknown",
        DomainDeadline = "domain-deadline",
        DomainUnavailable = "domain-unavailable",
        ViewBehind = "view-behind",
        Store = "store",
        DirectoryUnreadable = "directory-unreadable",
        Waiting = "waiting",
    }
}
