//! Classification of vCenter's faults. A table has one row per family of fault kinds (a kind and
//! its descendants); the row of the nearest ancestor applies.

use super::{Code, permission};
use crate::client::{Fault, kinds, soap};
use eaf_capability::{Class, Failure};
use std::time::Duration;

/// Maximum length, in characters, of vCenter's own text in a message. That text is untrusted.
const MAX_QUOTE: usize = 300;

/// Classification of the fault kind `kind` and of all its descendants that have no nearer row.
struct Row {
    kind: &'static str,
    class: Class,
    code: Code,
    /// Sentence of the host that precedes vCenter's own text in a message.
    says: &'static str,
    /// Delay, in seconds, before the call is repeated; 0: the delay of the host's retry policy.
    pause: u64,
    /// Time, in minutes, for which the call is repeated. 0: the host's budget of a day, because the
    /// cause may end overnight.
    budget: u64,
    /// Whether a fault of this kind may only wrap another fault, which is the real reason.
    wraps: bool,
}

const fn row(kind: &'static str, class: Class, code: Code, says: &'static str) -> Row {
    Row { kind, class, code, says, pause: 0, budget: 0, wraps: false }
}

const fn busy(kind: &'static str, budget: u64) -> Row {
    Row { budget, ..row(kind, Class::Transient, Code::VcenterBusy, "vCenter could not do it just now") }
}

const fn full(kind: &'static str) -> Row {
    row(kind, Class::Capacity, Code::VcenterCapacity, "vCenter has no room at the moment")
}

const fn refused(kind: &'static str) -> Row {
    row(kind, Class::Configuration, Code::VcenterRefused, "vCenter refused the request")
}

const fn broken(kind: &'static str) -> Row {
    let row = row(kind, Class::Transient, Code::VcenterFault, "vCenter reported an error that may pass");
    Row { pause: 5, budget: 15, wraps: true, ..row }
}

const fn locked(kind: &'static str) -> Row {
    let row = row(kind, Class::Transient, Code::VcenterLocked, "Another process in vCenter holds a file");
    Row { pause: 15, budget: 30, ..row }
}

const fn wrapping(row: Row) -> Row {
    Row { wraps: true, ..row }
}

const ROWS: &[Row] = &[
    // Lack of capacity. The call is repeated for the host's budget of a day, because resources may
    // become free at any time.
    full("InsufficientResourcesFault"),
    full("InsufficientStorageIops"),
    full("NoDiskSpace"),
    full("OutOfBounds"),
    full("DatastoreNotWritableOnHost"),
    full("NoActiveHostInCluster"),
    full("NoCompatibleDatastore"),
    full("CannotPlaceWithoutPrerequisiteMoves"),
    full("NoCompatibleHardAffinityHost"),
    full("RuleViolation"),
    full("VmHostAffinityRuleViolation"),
    wrapping(full("NoCompatibleHost")),
    // Another task uses the object. The call is repeated for hours, because a migration or a backup
    // takes hours.
    busy("TaskInProgress", 6 * 60),
    busy("VAppOperationInProgress", 6 * 60),
    busy("ReplicationVmInProgressFault", 6 * 60),
    busy("ConcurrentAccess", 10),
    busy("ResourceInUse", 30),
    busy("Timedout", 30),
    busy("TooManyConcurrentNativeClones", 60),
    // An ESXi host is down. A restart takes 15 minutes, and a maintenance about an hour.
    busy("HostCommunication", 60),
    busy("HostConnectFault", 60),
    busy("InvalidHostState", 60),
    busy("InvalidDatastoreState", 60),
    busy("InaccessibleDatastore", 60),
    busy("LicenseSourceUnavailable", 60),
    busy("LicenseServerUnavailable", 60),
    // The machine is not ready: for some minutes after its clone, or while the ESXi host of a
    // template is disconnected.
    busy("InvalidState", 15),
    busy("ToolsInstallationInProgress", 15),
    wrapping(busy("CannotAccessVmComponent", 15)),
    wrapping(busy("GenericVmConfigFault", 15)),
    wrapping(busy("GenericDrsFault", 15)),
    // A backup product has disabled the vCenter method while it works, or crashed and left it
    // disabled.
    Row {
        pause: 15,
        budget: 15,
        ..row(
            "MethodDisabled",
            Class::Transient,
            Code::VcenterMethodDisabled,
            "Another product has disabled this in vCenter",
        )
    },
    // A file of the machine is locked: by a second clone of the same template, by a backup that
    // uses a disk, or by an ESXi host that has not released its lock.
    locked("FileLocked"),
    locked("CannotAccessFile"),
    // An agent on an ESXi host or vCenter itself restarts, or vCenter's database rolled back.
    broken("SystemError"),
    broken("UnexpectedFault"),
    broken("DatabaseError"),
    broken("HttpFault"),
    // The session between vCenter and an ESXi host ended, not the session between this host and
    // vCenter.
    Row {
        pause: 5,
        budget: 15,
        ..row(
            "NotAuthenticated",
            Class::Transient,
            Code::VcenterSession,
            "A session ended, of this host or of a host in vCenter",
        )
    },
    Row {
        budget: 15,
        ..row("InvalidLogin", Class::Transient, Code::VcenterBusy, "vCenter could not log in elsewhere")
    },
    // The object has changed between the read and the call. Since the repetition reads the object
    // again, a few attempts suffice.
    Row {
        budget: 15,
        ..row("ManagedObjectNotFound", Class::UnknownOutcome, Code::ObjectGone, "It is no longer there")
    },
    Row {
        budget: 10,
        ..row("InvalidPowerState", Class::UnknownOutcome, Code::PowerChanged, "The power state changed meanwhile")
    },
    // vCenter's parser or a proxy refused the request, so it most likely had no effect.
    Row {
        pause: 5,
        budget: 5,
        ..row(soap::UNKNOWN, Class::UnknownOutcome, Code::VcenterAnswer, "vCenter did not understand the call")
    },
    // The causes of these faults end only when a person acts.
    row("QuestionPending", Class::Transient, Code::VcenterQuestion, "vCenter waits for an answer"),
    row("RequestCanceled", Class::Cancelled, Code::TaskCancelled, "An administrator cancelled the task in vCenter"),
    row("DuplicateName", Class::Conflict, Code::NameTaken, "The name is taken"),
    row("CannotPowerOffVmInCluster", Class::Conflict, Code::VcenterRefused, "vCenter refused the request"),
    row("VmPowerOnDisabled", Class::Conflict, Code::VcenterRefused, "vCenter refused the request"),
    row(
        "NoPermission",
        Class::Configuration,
        Code::VcenterPermission,
        "The connection's user lacks privileges in vCenter",
    ),
    refused("EncryptionKeyRequired"),
    refused("SecurityError"),
    refused("InvalidArgument"),
    refused("InvalidRequest"),
    refused("InvalidName"),
    refused("InvalidDatastore"),
    refused("InvalidFolder"),
    refused("InvalidLicense"),
    refused("LimitExceeded"),
    refused("NotEnoughLicenses"),
    refused("NotImplemented"),
    refused("NotSupported"),
    refused("OperationDisallowedOnHost"),
    refused("RestrictedByAdministrator"),
    refused("VmConfigFault"),
    wrapping(row("MethodFault", Class::Permanent, Code::VcenterFault, "vCenter reported an error")),
];

pub fn of_fault(fault: &Fault) -> Failure {
    let (row, fault) = reason(fault);
    let detail = if row.kind == "NoPermission" { permission::missing(&fault) } else { quote(&fault) };
    let mut failure = Failure::new(row.class, row.code, format!("{}: {detail}", row.says));
    if row.pause > 0 {
        failure = failure.retry_after(Duration::from_secs(row.pause));
    }
    if row.budget > 0 {
        failure = failure.give_up_after(Duration::from_secs(60 * row.budget));
    }
    failure
}

/// Finds the fault that is the real reason, with its row of the table: this fault, or a fault that
/// it wraps. If there are several reasons, for example one per ESXi host, a retryable one is
/// chosen, because waiting may then help.
fn reason(fault: &Fault) -> (&'static Row, Fault) {
    let own = nearest(&fault.kind);
    if !own.wraps {
        return (own, fault.clone());
    }
    let reasons: Vec<_> =
        fault.causes().map(|cause| reason(&cause)).filter(|(row, _)| row.kind != "MethodFault").collect();
    let passing = reasons.iter().position(|(row, _)| row.class.is_retryable()).unwrap_or_default();
    reasons.into_iter().nth(passing).unwrap_or_else(|| (own, fault.clone()))
}

fn nearest(kind: &str) -> &'static Row {
    let rows = kinds::lineage(kind).filter_map(|ancestor| ROWS.iter().find(|row| row.kind == ancestor));
    rows.into_iter().next().unwrap_or(&ROWS[ROWS.len() - 1])
}

fn quote(fault: &Fault) -> String {
    let words: String = fault.message.chars().filter(|c| !c.is_control()).take(MAX_QUOTE).collect();
    let named =
        if words.is_empty() || words == fault.kind { fault.kind.clone() } else { format!("{words} ({})", fault.kind) };
    // The values of these fields help people to find the cause. vCenter's own text often omits
    // them.
    let details = ["source", "invalidProperty", "text"].iter().filter_map(|name| fault.detail.text_of(name));
    let details: Vec<String> = details
        .map(|detail| detail.chars().filter(|c| !c.is_control()).take(MAX_QUOTE).collect::<String>())
        .filter(|detail| !detail.is_empty() && !named.contains(detail.as_str()))
        .collect();
    if details.is_empty() { named } else { format!("{named}: {}", details.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::xml;

    fn of(kind: &str) -> Failure {
        of_fault(&Fault { kind: kind.into(), message: "words".into(), ..Fault::default() })
    }

    fn with(kind: &str, detail: &str) -> Failure {
        let detail = xml::parse(&format!("<fault>{detail}</fault>")).unwrap();
        of_fault(&Fault { kind: kind.into(), detail, ..Fault::default() })
    }

    fn caused(member: &str, kind: &str) -> String {
        format!(r#"<{member}><fault xsi:type="{kind}"/><localizedMessage>words</localizedMessage></{member}>"#)
    }

    #[test]
    fn a_fault_is_classified_by_its_family() {
        for (kinds, class, code) in [
            (
                "InsufficientHostCpuCapacityFault InsufficientHostMemoryCapacityFault InsufficientPerCpuCapacity \
                 InsufficientStandbyResource InsufficientStandbyCpuResource InsufficientStandbyMemoryResource \
                 InsufficientGraphicsResourcesFault InsufficientNetworkCapacity InsufficientAgentVmsDeployed \
                 NumVirtualCpusExceedsLimit NoCompatibleHostWithAccessToDevice SwapDatastoreNotWritableOnHost NoDiskSpace",
                Class::Capacity,
                "vcenter-capacity",
            ),
            (
                "InvalidHostState InvalidHostConnectionState InvalidDatastoreState InvalidVmState InaccessibleDatastore \
                 VAppTaskInProgress HostConnectFault TooManyConcurrentNativeClones HostNotReachable CannotAccessVmConfig",
                Class::Transient,
                "vcenter-busy",
            ),
            ("FileLocked CannotAccessFile", Class::Transient, "vcenter-locked"),
            ("SystemError", Class::Transient, "vcenter-fault"),
            ("MethodDisabled", Class::Transient, "vcenter-method-disabled"),
            ("QuestionPending", Class::Transient, "vcenter-question"),
            ("NotAuthenticated", Class::Transient, "vcenter-session"),
            ("RequestCanceled", Class::Cancelled, "task-cancelled"),
            ("NoPermission", Class::Configuration, "vcenter-permission"),
            ("VmPowerOnDisabled CannotPowerOffVmInCluster", Class::Conflict, "vcenter-refused"),
            (
                "InvalidDatastorePath VmAlreadyExistsInDatacenter HostAccessRestrictedToManagementServer InvalidDeviceSpec \
                 InvalidDeviceOperation UnsupportedGuest EncryptionKeyRequired NotEnoughLicenses LicenseExpired \
                 FeatureRequirementsNotMet CpuHotPlugNotSupported RestrictedVersion InvalidArgument",
                Class::Configuration,
                "vcenter-refused",
            ),
            ("TooManyTasks FileNotFound OfALaterRelease", Class::Permanent, "vcenter-fault"),
        ] {
            for kind in kinds.split_whitespace() {
                let failure = of(kind);
                assert_eq!((failure.class, failure.code.as_str()), (class, code), "{kind}");
                assert!(failure.message.contains("words") || code == "vcenter-permission", "{failure}");
            }
        }
    }

    #[test]
    fn retryable_faults_have_a_budget_and_others_are_not_repeated() {
        for row in ROWS {
            let waits = row.class == Class::Capacity || row.code == Code::VcenterQuestion;
            let (passes, budget) = (row.class.is_retryable(), of(row.kind).give_up_after_ms);
            assert_eq!(passes && !waits, budget.is_some(), "{}", row.kind);
            assert!(row.pause == 0 || passes, "{}", row.kind);
        }
    }

    #[test]
    fn every_row_is_unique_and_of_an_existing_kind() {
        for row in ROWS {
            let exists = row.kind == soap::UNKNOWN || kinds::is(row.kind, "MethodFault");
            assert!(exists && ROWS.iter().filter(|other| other.kind == row.kind).count() == 1, "{}", row.kind);
        }
    }

    #[test]
    fn a_wrapping_fault_is_classified_by_the_wrapped_one() {
        let nested = caused("faultCause", "GenericDrsFault").replace(
            r#"xsi:type="GenericDrsFault"/>"#,
            &format!(
                r#"xsi:type="GenericDrsFault">{}</fault>"#,
                caused("hostFaults", "InsufficientMemoryResourcesFault")
            ),
        );
        for (kind, detail, class, named) in [
            (
                "GenericVmConfigFault",
                caused("faultCause", "InsufficientMemoryResourcesFault"),
                Class::Capacity,
                "Memory",
            ),
            ("GenericVmConfigFault", caused("faultCause", "FileLocked"), Class::Transient, "FileLocked"),
            (
                "CannotAccessVmComponent",
                caused("faultCause", "InsufficientFailoverResourcesFault"),
                Class::Capacity,
                "Fail",
            ),
            ("SystemError", nested, Class::Capacity, "InsufficientMemoryResourcesFault"),
            ("SystemError", caused("faultCause", "OfALaterRelease"), Class::Transient, "SystemError"),
            ("InvalidArgument", caused("faultCause", "FileLocked"), Class::Configuration, "InvalidArgument"),
        ] {
            let failure = with(kind, &detail);
            assert_eq!(failure.class, class, "{kind}: {failure}");
            assert!(failure.message.contains(named), "{kind}: {failure}");
        }
    }

    #[test]
    fn no_compatible_host_is_retryable_if_one_host_may_become_compatible() {
        let (never, later) = (caused("error", "FeatureRequirementsNotMet"), caused("error", "InvalidHostState"));
        assert_eq!(with("NoCompatibleHost", &format!("{never}{later}")).class, Class::Transient);
        assert_eq!(with("NoCompatibleHost", &format!("{never}{never}")).class, Class::Configuration);
        assert_eq!(with("NoCompatibleHost", "").class, Class::Capacity);
    }

    #[test]
    fn a_text_names_the_disabling_product_and_the_invalid_argument() {
        assert!(with("MethodDisabled", "<source>com.backup.example</source>").message.contains("com.backup.example"));
        let wrong = with("InvalidArgument", "<invalidProperty>configSpec.numCPUs</invalidProperty>");
        assert!(wrong.message.contains("configSpec.numCPUs"));
        assert!(with("QuestionPending", "<text>moved or copied?</text>").message.contains("moved or copied?"));
    }
}
