//! Tests of the egress policy with host names that an attacker resolves to chosen addresses.

use super::*;
use std::collections::HashMap;
use std::sync::Mutex;

static VSPHERE: Purpose = Purpose { name: "vsphere", ports: &[443] };
static MAIL: Purpose = Purpose { name: "mail", ports: &[25, 465, 587] };

/// Name service of a test, whose addresses the test sets.
#[derive(Default)]
struct Zone(Mutex<HashMap<String, Vec<IpAddr>>>);

impl Zone {
    fn set(&self, host: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.0.lock().unwrap().insert(host.to_owned(), addresses);
    }
}

#[async_trait]
impl Lookup for Zone {
    async fn addresses(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        let found = self.0.lock().unwrap().get(host).cloned();
        found.ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }
}

struct Bench {
    zone: Arc<Zone>,
    policy: Arc<Policy>,
}

fn bench(rules: &[&str], own: &[(&'static str, &str, u16)]) -> Bench {
    let zone = Arc::new(Zone::default());
    let rules = rules.iter().map(|rule| Rule::parse(rule, &[&VSPHERE, &MAIL]).unwrap()).collect();
    let own = own.iter().map(|(what, host, port)| Service { what, host: (*host).to_owned(), port: *port }).collect();
    Bench { policy: Arc::new(Policy::new(rules, own, zone.clone())), zone }
}

impl Bench {
    async fn ask(&self, purpose: &Purpose, tenant: &str, host: &str, port: u16) -> Result<Resolved, Refused> {
        self.policy.resolve(purpose, TenantId::derive(tenant), host, port).await
    }

    async fn goes(&self, tenant: &str, host: &str, port: u16) -> bool {
        self.ask(&VSPHERE, tenant, host, port).await.is_ok()
    }
}

#[tokio::test]
async fn without_rules_loopback_link_local_and_metadata_are_refused() {
    let bench = bench(&[], &[]);
    for guarded in [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "::1",
        "::",
        "[::1]",
        "169.254.169.254",
        "169.254.0.1",
        "fe80::1",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "224.0.0.1",
        "255.255.255.255",
        "ff02::1",
        // The addresses above in IPv6 form.
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:1:2:3:4:80ff:fffe",
    ] {
        let refused = bench.ask(&VSPHERE, "acme", guarded, 443).await;
        assert!(matches!(refused, Err(Refused::Guarded { .. })), "{guarded}: {refused:?}");
    }
    for free in ["10.1.2.3", "192.168.7.7", "203.0.113.9", "fd12:3456::9", "2001:db8::9", "64:ff9b::a01:203"] {
        assert!(bench.goes("acme", free, 443).await, "{free}");
    }
}

#[tokio::test]
async fn without_rules_a_capability_reaches_its_usual_ports_only() {
    let bench = bench(&[], &[]);
    assert!(matches!(bench.ask(&VSPHERE, "acme", "10.0.0.1", 22).await, Err(Refused::Port { port: 22, .. })));
    assert!(bench.ask(&MAIL, "acme", "10.0.0.1", 587).await.is_ok());
    assert!(bench.ask(&MAIL, "acme", "10.0.0.1", 5432).await.is_err());
}

#[tokio::test]
async fn the_addresses_of_this_machine_are_refused_on_every_port() {
    let bench = bench(&["vsphere 0.0.0.0/0:1-65535", "vsphere [::/0]:1-65535"], &[]);
    for interface in if_addrs::get_if_addrs().unwrap() {
        assert!(!bench.goes("acme", &interface.ip().to_string(), 9).await, "{interface:?}");
    }
}

#[tokio::test]
async fn own_services_are_refused_unless_a_rule_names_exactly_them() {
    let own = [("database", "db.internal", 5432), ("identity provider", "10.9.0.9", 443)];
    let bench = bench(&["vsphere 10.0.0.0/8:1-65535", "vsphere@acme 10.7.0.7:5432", "vsphere *.example"], &own);
    bench.zone.set("db.internal", &["10.5.0.5", "10.7.0.7"]);
    bench.zone.set("evil.example", &["10.9.0.9"]);
    assert!(!bench.goes("acme", "10.5.0.5", 5432).await && !bench.goes("acme", "10.9.0.9", 443).await);
    assert!(!bench.goes("acme", "evil.example", 443).await, "by another name");
    assert!(bench.goes("acme", "10.5.0.5", 5433).await, "another port is another service");
    assert!(bench.goes("acme", "10.7.0.7", 5432).await && !bench.goes("globex", "10.7.0.7", 5432).await);
    // The last known addresses of the database stay guarded while the name service fails.
    bench.zone.0.lock().unwrap().remove("db.internal");
    assert!(!bench.goes("acme", "10.5.0.5", 5432).await);
}

#[tokio::test]
async fn a_service_without_addresses_is_guarded_and_slow_dns_delays_nothing() {
    struct Silent;
    #[async_trait]
    impl Lookup for Silent {
        async fn addresses(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
            std::future::pending().await
        }
    }
    let own = || vec![Service { what: "database", host: "db.internal".into(), port: 5432 }];
    let rules = || vec![Rule::parse("vsphere 10.0.0.0/8:1-65535", &[&VSPHERE]).unwrap()];
    let acme = TenantId::derive("acme");
    let policy = Policy::new(rules(), own(), Arc::new(Zone::default()));
    let refused = policy.resolve(&VSPHERE, acme, "10.5.0.5", 5432).await;
    assert!(matches!(refused, Err(Refused::OwnUnknown { .. })), "{refused:?}");
    assert!(policy.resolve(&VSPHERE, acme, "10.5.0.5", 443).await.is_ok(), "no service listens there");

    let policy = Policy::new(rules(), own(), Arc::new(Silent));
    let began = std::time::Instant::now();
    for _ in 0..5 {
        assert!(policy.resolve(&VSPHERE, acme, "10.5.0.5", 5432).await.is_err());
    }
    assert!(began.elapsed() < Duration::from_secs(4), "asked once: {:?}", began.elapsed());
}

#[tokio::test]
async fn a_name_counts_by_its_address_at_the_moment_of_the_connection() {
    let bench = bench(&["vsphere rebound.example", "vsphere *.acme.example"], &[]);
    bench.zone.set("rebound.example", &["203.0.113.1"]);
    let resolved = bench.ask(&VSPHERE, "acme", "Rebound.Example.", 443).await.unwrap();
    assert_eq!(resolved.addresses, ["203.0.113.1:443".parse().unwrap()]);
    bench.zone.set("rebound.example", &["127.0.0.1", "169.254.169.254"]);
    assert!(matches!(bench.ask(&VSPHERE, "acme", "rebound.example", 443).await, Err(Refused::Guarded { .. })));
    bench.zone.set("rebound.example", &["127.0.0.1", "203.0.113.2"]);
    let resolved = bench.ask(&VSPHERE, "acme", "rebound.example", 443).await.unwrap();
    assert_eq!(resolved.addresses, ["203.0.113.2:443".parse().unwrap()], "only what was checked is connected to");
}

#[tokio::test]
async fn an_http_client_connects_to_checked_addresses_only() {
    use reqwest::dns::Resolve;
    let bench = bench(&["vsphere vcenter.example:8443"], &[]);
    bench.zone.set("vcenter.example", &["203.0.113.1", "127.0.0.1"]);
    let route = |url: &str| {
        let url = reqwest::Url::parse(url).unwrap();
        Route::new(bench.policy.clone(), &VSPHERE, TenantId::derive("acme"), &url).unwrap()
    };
    let vcenter = route("https://VCENTER.example:8443/sdk");
    let found = Resolve::resolve(&vcenter, "vcenter.example".parse().unwrap()).await.unwrap();
    assert_eq!(found.collect::<Vec<_>>(), ["203.0.113.1:8443".parse().unwrap()]);
    assert!(Resolve::resolve(&vcenter, "other.example".parse().unwrap()).await.is_err());
    assert!(vcenter.check_literal().await.is_ok(), "a name is for the resolver");
    for literal in
        ["https://127.0.0.1:8443/sdk", "https://[::1]:8443/sdk", "https://2130706433:8443", "https://0x7f.1:8443"]
    {
        assert!(route(literal).check_literal().await.is_err(), "{literal}");
    }
}

#[tokio::test]
async fn rules_are_all_that_a_capability_may_reach_and_bind_to_tenants() {
    let rules = ["vsphere@acme 10.20.0.0/16", "vsphere@globex vcenter.globex.example:8000-8010"];
    let bench = bench(&rules, &[]);
    bench.zone.set("vcenter.globex.example", &["10.20.0.5"]);
    bench.zone.set("spy.example", &["10.20.0.5"]);
    assert!(bench.goes("acme", "10.20.0.5", 443).await && bench.goes("acme", "spy.example", 443).await);
    assert!(!bench.goes("acme", "10.21.0.5", 443).await && !bench.goes("acme", "10.20.0.5", 8443).await);
    for host in ["10.20.0.5", "spy.example", "vcenter.globex.example"] {
        assert!(!bench.goes("globex", host, 443).await, "the neighbour's vCenter as {host}");
    }
    assert!(bench.goes("globex", "vcenter.globex.example", 8010).await);
    assert!(bench.ask(&MAIL, "globex", "10.20.0.5", 25).await.is_ok(), "no rule speaks of mail");
    assert_eq!(bench.policy.shared_by(&VSPHERE, TenantId::derive("acme")), Some(TenantId::derive("acme")));
    assert_eq!(bench.policy.shared_by(&MAIL, TenantId::derive("acme")), None);
}

#[tokio::test]
async fn a_wide_rule_does_not_open_guarded_networks() {
    let bench = bench(&["vsphere 0.0.0.0/0", "vsphere [::/0]", "vsphere localhost", "vsphere 127.0.0.2"], &[]);
    bench.zone.set("localhost", &["127.0.0.1"]);
    assert!(!bench.goes("acme", "127.0.0.1", 443).await && !bench.goes("acme", "localhost", 443).await);
    assert!(!bench.goes("acme", "169.254.169.254", 443).await);
    assert!(bench.goes("acme", "203.0.113.1", 443).await && bench.goes("acme", "2001:db8::1", 443).await);
}

#[tokio::test]
async fn a_server_is_named_by_its_name_or_single_address() {
    let rules = ["vsphere vcenter.example", "vsphere 10.0.0.7", "vsphere 10.0.0.0/24", "vsphere *.wide.example"];
    let bench = bench(&rules, &[]);
    for (host, named) in [("vcenter.example", true), ("10.0.0.7", true), ("10.0.0.8", false), ("a.wide.example", false)]
    {
        bench.zone.set(host, &["10.1.0.1"]);
        assert_eq!(bench.ask(&VSPHERE, "acme", host, 443).await.unwrap().named, named, "{host}");
    }
}

#[test]
fn a_rule_that_cannot_be_read_says_why() {
    let invalid = |text: &str| Rule::parse(text, &[&VSPHERE, &MAIL]).unwrap_err().to_string();
    assert_eq!(
        invalid("vcenter.example"),
        "`vcenter.example` is not `capability target` or `capability@tenant target`"
    );
    assert_eq!(invalid("vsfere a.example"), "`vsfere` is not one of vsphere, mail");
    assert_eq!(invalid("vsphere@ACME a.example"), "`ACME` is not a tenant's slug");
    for target in ["a.*.example", "*", "127.1", "0x7f000001.1", "münchen.example", "10.0.0.0/33", "[::1"] {
        assert!(invalid(&format!("vsphere {target}")).contains("is neither a host name"), "{target}");
    }
    for ports in ["x", "0", "443-80", "70000", "//a.example"] {
        assert!(invalid(&format!("vsphere a.example:{ports}")).contains("neither a port"), "{ports}");
    }
    for good in
        ["mail [fd00::/8]:25", "mail fd00::/8", "mail ::1", "mail@acme  *.Acme.Example.:465-587", "mail 10.1.2.3/8"]
    {
        Rule::parse(good, &[&VSPHERE, &MAIL]).unwrap_or_else(|invalid| panic!("{good}: {invalid}"));
    }
}
