//! Requests of the history: who asked for which machine when, and what happened then.

use super::people::Person::{self, *};

/// Request for a machine, with the acts that follow.
pub struct Story {
    /// Number of days before the start of the demo at which the request is submitted.
    pub days_ago: u32,
    /// Hour and minute of the submission, in UTC.
    pub at: (u8, u8),
    pub by: Person,
    pub name: &'static str,
    pub machine: Machine,
    pub why: &'static str,
    /// Acts, each with the number of hours from the submission to the act.
    pub then: &'static [(u32, Act)],
}

pub struct Machine {
    pub offering: &'static str,
    pub cpus: u32,
    pub memory_gb: u32,
    pub term_months: u32,
}

#[derive(Debug, Clone, Copy)]
pub enum Act {
    Approve(Person),
    Reject(Person, &'static str),
    AskBack(Person, &'static str),
    Answer(&'static str),
    /// Proposal of a smaller machine with this number of CPUs and size of memory in GB.
    Propose(Person, (u32, u32), &'static str),
    Confirm,
    Withdraw,
    /// Removal of what a failed build left behind.
    Cancel,
    Decommission(&'static str),
    ApproveDecommission(Person),
    /// Nothing but time, so that reminders, escalations and ends of deadlines happen on their day.
    Wait,
}
use Act::*;

const fn story(
    (days_ago, at): (u32, (u8, u8)),
    by: Person,
    name: &'static str,
    (offering, cpus, memory_gb, term_months): (&'static str, u32, u32, u32),
    why: &'static str,
    then: &'static [(u32, Act)],
) -> Story {
    Story { days_ago, at, by, name, machine: Machine { offering, cpus, memory_gb, term_months }, why, then }
}

const SMALL: &str = "linux-small";
const LARGE: &str = "linux-large";
const WINDOWS: &str = "windows";
/// Offering whose template the vCenter does not have.
const MISSING: &str = "suse";

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story((362, (8, 10)), Hannah, "shop-web-01", (SMALL, 2, 4, 24), "Webserver des neuen Online-Shops", &[]),
    story((361, (9, 5)), Hannah, "shop-db-01", (LARGE, 8, 32, 24), "Datenbank des neuen Online-Shops", &[(3, Approve(Stefan))]),
    story((357, (7, 40)), Mateusz, "bi-etl-01", (LARGE, 8, 64, 12), "Nightly load of the sales warehouse", &[(26, Approve(Stefan)), (4400, Decommission("Replaced by bi-etl-02, which has more memory")), (4401, ApproveDecommission(Ingrid))]),
    story((352, (12, 30)), Aylin, "shop-ci-01", (LARGE, 4, 16, 12), "Build-Server für den Online-Shop", &[(2, Approve(Stefan))]),
    story((347, (8, 55)), Mateusz, "bi-sandbox", (WINDOWS, 8, 64, 6), "Trying a reporting tool for Windows", &[(5, Reject(Stefan, "Bitte zuerst die vorhandene Lizenz auf bi-etl-01 nutzen."))]),

    story((331, (10, 20)), Aylin, "shop-test-01", (SMALL, 2, 4, 6), "Testumgebung für das Sommerrelease", &[(3900, Decommission("Das Sommerrelease ist ausgeliefert"))]),
    story((326, (9, 45)), Hannah, "erp-app-01", (WINDOWS, 8, 32, 36), "Anwendungsserver für die neue Warenwirtschaft", &[(4, AskBack(Stefan, "Reichen vier Kerne für den Anfang?")), (7, Answer("Nein, der Hersteller verlangt acht Kerne.")), (25, Approve(Stefan))]),
    story((325, (9, 50)), Hannah, "erp-db-01", (LARGE, 16, 128, 36), "Datenbank der neuen Warenwirtschaft, vom Hersteller so empfohlen", &[(3, Approve(Stefan)), (29, Approve(Grace))]),
    story((319, (13, 15)), Mateusz, "ml-train-01", (LARGE, 32, 256, 3), "Training of the demand forecast on three years of orders", &[(2, Approve(Stefan)), (27, Propose(Tobias, (16, 128), "Die halbe Größe haben wir im Budget. Reicht das?")), (31, Confirm), (49, Approve(Stefan)), (2300, Decommission("The forecast is in production")), (2302, ApproveDecommission(Ingrid))]),

    story((301, (7, 35)), Aylin, "shop-web-02", (SMALL, 2, 4, 24), "Zweiter Webserver für die Ausfallsicherheit", &[]),
    story((297, (11, 0)), Hannah, "wiki-01", (LARGE, 4, 8, 24), "Wissensdatenbank der Logistik", &[(6, Approve(Stefan))]),
    story((292, (8, 25)), Mateusz, "bi-report-01", (WINDOWS, 4, 16, 24), "Report server for the branch managers", &[(1, Approve(Stefan))]),
    story((288, (14, 5)), Aylin, "load-gen-01", (LARGE, 16, 64, 1), "Lasttest vor dem Ostergeschäft", &[(20, Approve(Stefan)), (700, Decommission("Lasttest ist abgeschlossen")), (702, ApproveDecommission(Ingrid))]),
    story((283, (9, 30)), Hannah, "mail-relay-02", (SMALL, 1, 2, 24), "Zweites Relay für den Mailversand", &[]),

    story((270, (8, 0)), Mateusz, "geo-routing-01", (LARGE, 16, 96, 12), "Routing engine for the delivery fleet", &[(24, Approve(Stefan))]),
    story((265, (10, 45)), Aylin, "shop-search-01", (LARGE, 8, 48, 24), "Suchindex des Online-Shops", &[(4, Approve(Stefan))]),
    story((259, (9, 10)), Hannah, "scan-gw-01", (MISSING, 4, 8, 12), "Gateway für die Handscanner im Lager", &[(3, Approve(Stefan)), (28, Cancel)]),
    story((256, (12, 40)), Hannah, "scan-gw-02", (LARGE, 4, 8, 24), "Gateway für die Handscanner im Lager, mit Red Hat statt SUSE", &[(2, Approve(Stefan))]),

    story((240, (7, 50)), Mateusz, "bi-etl-02", (LARGE, 16, 128, 24), "Bigger load server, the nightly run takes too long", &[(5, Approve(Stefan)), (30, AskBack(Grace, "Which machine does this one replace, and from when?")), (50, Answer("It replaces bi-etl-01 in August, which is then removed.")), (54, Approve(Grace))]),
    story((236, (13, 20)), Aylin, "shop-test-02", (SMALL, 2, 4, 6), "Testumgebung für das Herbstrelease", &[]),
    story((231, (9, 0)), Hannah, "fleet-portal-01", (LARGE, 4, 16, 24), "Portal für die Fahrerinnen und Fahrer", &[(22, Approve(Stefan))]),
    story((226, (10, 15)), Aylin, "proto-chat", (LARGE, 16, 64, 3), "Prototyp eines Chats für den Kundendienst", &[(8, Withdraw)]),

    story((211, (8, 35)), Mateusz, "geo-tiles-01", (LARGE, 8, 64, 24), "Map tiles for the dispatch centre", &[(3, Approve(Stefan))]),
    story((206, (11, 25)), Hannah, "archive-01", (WINDOWS, 4, 32, 36), "Archiv für Frachtpapiere, gesetzlich zehn Jahre", &[(26, Approve(Stefan))]),
    story((201, (9, 55)), Aylin, "shop-web-03", (SMALL, 2, 4, 24), "Dritter Webserver für das Weihnachtsgeschäft", &[]),
    story((197, (14, 30)), Mateusz, "gpu-trial", (LARGE, 32, 256, 6), "Trial of an image model that reads freight papers", &[(18, Approve(Stefan)), (44, Reject(Tobias, "Im Budget dieses Jahres nicht vorgesehen; bitte für das nächste anmelden."))]),

    story((180, (7, 45)), Hannah, "wms-app-01", (WINDOWS, 8, 32, 36), "Anwendungsserver der Lagerverwaltung", &[(4, Approve(Stefan))]),
    story((179, (8, 5)), Hannah, "wms-db-01", (LARGE, 16, 128, 36), "Datenbank der Lagerverwaltung", &[(4, Approve(Stefan)), (26, Approve(Tobias))]),
    story((172, (12, 50)), Aylin, "shop-cache-01", (LARGE, 4, 32, 24), "Zwischenspeicher für Preise und Bestände", &[(1, Approve(Stefan))]),
    story((166, (9, 20)), Mateusz, "bi-notebooks", (LARGE, 8, 64, 12), "Notebooks of the data team", &[(24, Wait), (30, Wait), (54, Wait), (78, Wait), (102, Wait), (126, Wait), (150, Wait)]),
    story((158, (10, 5)), Mateusz, "bi-notebooks-2", (LARGE, 8, 48, 12), "Notebooks of the data team, second attempt", &[(3, Approve(Stefan))]),

    story((149, (8, 15)), Aylin, "shop-payment-01", (LARGE, 4, 16, 24), "Anbindung der Zahlungsdienste, getrennt wegen PCI DSS", &[(5, AskBack(Stefan, "In welches Netz soll die Maschine?")), (8, Answer("In das Netz pci-dmz, wie mit der Sicherheit vereinbart.")), (24, Approve(Stefan))]),
    story((143, (11, 35)), Hannah, "dock-display-01", (SMALL, 1, 2, 24), "Anzeige der Rampenbelegung", &[]),
    story((137, (9, 40)), Hannah, "dock-display-02", (SMALL, 1, 2, 24), "Anzeige der Rampenbelegung, zweites Lager", &[]),
    story((131, (13, 0)), Mateusz, "forecast-api-01", (LARGE, 8, 32, 24), "Serves the demand forecast to the shop", &[(21, Approve(Stefan))]),

    story((119, (8, 20)), Aylin, "shop-mq-01", (LARGE, 4, 16, 24), "Nachrichten zwischen Shop und Warenwirtschaft", &[(2, Approve(Stefan))]),
    story((113, (10, 30)), Hannah, "edi-gw-01", (WINDOWS, 4, 16, 36), "EDI-Gateway für Bestellungen der Großkunden", &[(6, Approve(Stefan))]),
    story((108, (9, 15)), Mateusz, "geo-routing-02", (LARGE, 24, 192, 12), "Second routing engine for the night deliveries", &[(4, Approve(Stefan)), (28, Propose(Grace, (16, 96), "Same size as the first engine, please: the budget allows no more.")), (46, Confirm), (50, Approve(Stefan))]),
    story((101, (12, 10)), Aylin, "shop-img-01", (LARGE, 4, 16, 24), "Umrechnen der Produktbilder", &[(23, Approve(Stefan))]),

    story((89, (7, 55)), Hannah, "hr-time-01", (WINDOWS, 4, 16, 24), "Zeiterfassung, abgestimmt mit dem Betriebsrat", &[(25, Approve(Stefan))]),
    story((84, (11, 5)), Mateusz, "bi-stream-01", (LARGE, 8, 64, 24), "Orders as a stream, for the live dashboard", &[(3, Approve(Stefan))]),
    story((78, (9, 25)), Aylin, "shop-test-03", (SMALL, 2, 4, 3), "Testumgebung für das Weihnachtsgeschäft", &[]),
    story((73, (14, 15)), Aylin, "shop-web-04", (LARGE, 8, 16, 24), "Vierter Webserver, die Last wächst", &[(19, Approve(Stefan))]),
    story((67, (8, 40)), Hannah, "cold-chain-01", (LARGE, 4, 16, 36), "Aufzeichnung der Kühlkette, Vorgabe der Behörde", &[(1, Approve(Stefan))]),

    story((54, (10, 0)), Mateusz, "ml-train-02", (LARGE, 16, 128, 3), "Training of the return forecast", &[(5, Approve(Stefan)), (27, Approve(Grace))]),
    story((48, (9, 35)), Aylin, "shop-cdn-01", (LARGE, 4, 8, 24), "Ursprung für das CDN", &[(3, Approve(Stefan))]),
    story((43, (12, 20)), Hannah, "lab-01", (WINDOWS, 16, 128, 12), "Labor für die Einführung der Lagerroboter", &[(22, Approve(Stefan)), (48, Approve(Tobias))]),
    story((38, (8, 50)), Hannah, "print-01", (SMALL, 2, 4, 24), "Druckserver für Etiketten", &[]),

    story((27, (9, 5)), Aylin, "shop-ab-01", (LARGE, 4, 16, 3), "A/B-Tests der Startseite", &[(2, Approve(Stefan))]),
    story((22, (11, 45)), Mateusz, "geo-export-01", (MISSING, 4, 8, 6), "Export of routes for the partner fleet", &[(4, Approve(Stefan))]),
    story((16, (10, 25)), Hannah, "robot-ctl-01", (LARGE, 8, 32, 36), "Steuerung der Lagerroboter", &[(20, AskBack(Stefan, "Gehört das nicht zum Labor lab-01?")), (25, Answer("Nein, das Labor endet im Februar, die Steuerung bleibt.")), (28, Approve(Stefan))]),
    story((12, (9, 50)), Aylin, "shop-test-04", (SMALL, 2, 4, 3), "Testumgebung für das Frühjahrsrelease", &[]),
    story((2, (8, 30)), Mateusz, "bi-adhoc-01", (LARGE, 16, 128, 2), "Analysis of the peak season for the board", &[(3, Approve(Stefan))]),
    story((6, (13, 40)), Hannah, "fleet-track-01", (LARGE, 8, 32, 24), "Ortung der Wechselbrücken", &[(20, AskBack(Stefan, "Wie lange werden die Positionen gespeichert?"))]),
    story((5, (9, 15)), Aylin, "shop-web-05", (LARGE, 8, 32, 24), "Fünfter Webserver für die Aktionswochen", &[(5, Propose(Stefan, (4, 16), "Die halbe Größe wie bei shop-web-04 genügt."))]),
    story((3, (10, 50)), Mateusz, "ml-serve-01", (LARGE, 8, 48, 12), "Serves the return forecast", &[]),
    story((1, (9, 20)), Hannah, "erp-test-01", (WINDOWS, 8, 32, 6), "Testsystem der Warenwirtschaft vor dem Jahreswechsel", &[]),
];
