//! Text that the demo prints when it is ready.

use crate::env;
use crate::idp;
use crate::idp::accounts;
use crate::ports::Ports;
use std::time::Duration;

pub fn print(ports: &Ports, took: Duration) {
    let web = env::web(ports);
    println!();
    println!("  EAF is ready ({:.1} s).  Ctrl-C stops it; `make demo` goes on where it was.", took.as_secs_f32());
    println!();
    println!("  Open {web}");
    println!();
    println!("  API               {web}/api/openapi.json");
    println!("  Inbox             {}", env::inbox(ports));
    println!("  vCenter acme      https://localhost:{}/sdk", ports.vcenter_acme);
    println!("  vCenter globex    https://localhost:{}/sdk", ports.vcenter_globex);
    println!("  Sign-in           {}", idp::issuer_url(ports.idp));
    println!();
    for account in accounts::all() {
        println!("  {:<18} {:<18} {}", account.name, account.display_name(), account.email);
    }
    println!();
    println!("  Try, in another terminal:");
    println!("    eval \"$(bin/eaf dev env)\"");
    println!(
        "    curl -s -H \"Authorization: Bearer $(bin/eaf dev token requester@acme)\" $EAF_URL/api/dcm/views/requests"
    );
    println!("    bin/govc find / -type m");
    println!("  The whole way: docs/guides/api.md");
    println!();
}
