//! Ports of the development services, and the processes that use them.

use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{variable} must be a port from 1 to 65535, not `{given}`")]
    Number { variable: &'static str, given: String },
    #[error("{first} and {second} both name port {port}")]
    Twice { first: &'static str, second: &'static str, port: u16 },
    #[error("{}", .0.join("\n"))]
    Taken(Vec<String>),
    #[error("no free port could be found")]
    NoneFree(#[source] std::io::Error),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    pub web: u16,
    pub postgres: u16,
    pub vcenter_acme: u16,
    pub vcenter_globex: u16,
    /// Port of the control interface of both simulated vCenters.
    #[serde(default = "usual_vcenter_control")]
    pub vcenter_control: u16,
    pub smtp: u16,
    pub inbox: u16,
    pub idp: u16,
    /// Port of the host's probes and metrics.
    #[serde(default = "usual_management")]
    pub management: u16,
}

impl Ports {
    pub const DEFAULT: Ports = Ports {
        web: 8080,
        postgres: 5433,
        vcenter_acme: 8989,
        vcenter_globex: 8990,
        vcenter_control: 8991,
        smtp: 1025,
        inbox: 8025,
        idp: 8081,
        management: 9090,
    };

    /// Reads the ports from environment variables such as `EAF_PG_PORT`. A port without a variable
    /// has its default number.
    pub fn from_environment(variable: impl Fn(&'static str) -> Option<String>) -> Result<Ports, Error> {
        let mut ports = Ports::DEFAULT;
        for (name, _, port) in ports.list_mut() {
            if let Some(given) = variable(name) {
                *port = given.parse().ok().filter(|port| *port > 0).ok_or(Error::Number { variable: name, given })?;
            }
        }
        let list = ports.list();
        for (index, (second, _, port)) in list.iter().enumerate() {
            if let Some((first, ..)) = list[..index].iter().find(|(_, _, other)| other == port) {
                return Err(Error::Twice { first, second, port: *port });
            }
        }
        Ok(ports)
    }

    /// Chooses ports that are free now.
    pub fn free() -> Result<Ports, Error> {
        let mut ports = Ports::DEFAULT;
        let mut listeners = Vec::new();
        for (_, _, port) in ports.list_mut() {
            let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(Error::NoneFree)?;
            *port = listener.local_addr().map_err(Error::NoneFree)?.port();
            listeners.push(listener);
        }
        Ok(ports)
    }

    /// Fails if a port is not available. The error lists each such port with the cause, the process
    /// that uses the port, and the variable that chooses another port.
    pub fn check_free(&self) -> Result<(), Error> {
        let taken: Vec<String> = self
            .list()
            .iter()
            .filter_map(|(variable, service, port)| {
                let error = bind_error(*port)?;
                if error.kind() != ErrorKind::AddrInUse {
                    return Some(format!(
                        "port {port} for {service} cannot be used ({error}); choose another: {variable}=PORT"
                    ));
                }
                let holder = holder(*port).map(|who| format!(" by {who}")).unwrap_or_default();
                Some(format!(
                    "port {port} for {service} is in use{holder}; stop that, or choose another: {variable}=PORT"
                ))
            })
            .collect();
        if taken.is_empty() { Ok(()) } else { Err(Error::Taken(taken)) }
    }

    fn list(&self) -> [(&'static str, &'static str, u16); 9] {
        let mut copy = *self;
        copy.list_mut().map(|(variable, service, port)| (variable, service, *port))
    }

    fn list_mut(&mut self) -> [(&'static str, &'static str, &mut u16); 9] {
        [
            ("EAF_PORT", "web and API", &mut self.web),
            ("EAF_PG_PORT", "PostgreSQL", &mut self.postgres),
            ("EAF_VCENTER_ACME_PORT", "acme's vCenter", &mut self.vcenter_acme),
            ("EAF_VCENTER_GLOBEX_PORT", "globex's vCenter", &mut self.vcenter_globex),
            ("EAF_VCENTER_CONTROL_PORT", "the vCenters' control interface", &mut self.vcenter_control),
            ("EAF_SMTP_PORT", "SMTP", &mut self.smtp),
            ("EAF_INBOX_PORT", "the inbox page", &mut self.inbox),
            ("EAF_IDP_PORT", "the identity provider", &mut self.idp),
            ("EAF_MANAGEMENT_PORT", "probes and metrics", &mut self.management),
        ]
    }
}

/// Default of `vcenter_control` for a stored `ports.json` without this member, which an older
/// version wrote.
fn usual_vcenter_control() -> u16 {
    Ports::DEFAULT.vcenter_control
}

/// Default of `management` for a stored `ports.json` without this member.
fn usual_management() -> u16 {
    Ports::DEFAULT.management
}

/// Error that prevents the use of a port; `None` if it is free. Clients of `localhost` may try IPv6
/// first and must not reach another server there; a machine without IPv6 has no such server.
fn bind_error(port: u16) -> Option<std::io::Error> {
    if let Err(error) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        return Some(error);
    }
    TcpListener::bind((Ipv6Addr::LOCALHOST, port)).err().filter(|error| error.kind() == ErrorKind::AddrInUse)
}

/// Process that listens on a port, such as `node (pid 4711)`. `None`: the process is unknown, for
/// example because it belongs to another user.
#[cfg(target_os = "linux")]
fn holder(port: u16) -> Option<String> {
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"].iter().find_map(|table| listening_inode(table, port))?;
    let socket = format!("socket:[{inode}]");
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let Ok(files) = std::fs::read_dir(entry.path().join("fd")) else { continue };
        let holds = files.flatten().any(|file| {
            std::fs::read_link(file.path()).is_ok_and(|target| target.to_string_lossy() == socket.as_str())
        });
        if holds {
            let name = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            return Some(format!("{} (pid {pid})", name.trim()));
        }
    }
    None
}

#[cfg(target_os = "linux")]
fn listening_inode(table: &str, port: u16) -> Option<String> {
    const LISTEN: &str = "0A";
    let text = std::fs::read_to_string(table).ok()?;
    text.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let local = u16::from_str_radix(fields.get(1)?.rsplit_once(':')?.1, 16).ok()?;
        (local == port && *fields.get(3)? == LISTEN).then(|| fields.get(9).map(|inode| inode.to_string()))?
    })
}

#[cfg(not(target_os = "linux"))]
fn holder(_port: u16) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_on_ipv6_alone_is_in_use() {
        let Ok(listener) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) else { return };
        let smtp = listener.local_addr().expect("it is bound").port();
        let error = Ports { smtp, ..Ports::free().expect("free ports") }.check_free().unwrap_err().to_string();
        assert!(error.contains(&format!("port {smtp} for SMTP is in use")), "{error}");
    }

    #[test]
    fn variables_change_ports_and_invalid_ones_are_refused() {
        let ports = Ports::from_environment(|name| (name == "EAF_PORT").then(|| "18080".into())).expect("usable");
        assert_eq!(ports, Ports { web: 18080, ..Ports::DEFAULT });
        for nonsense in ["0", "web", "70000", ""] {
            let error = Ports::from_environment(|name| (name == "EAF_PG_PORT").then(|| nonsense.into())).unwrap_err();
            assert!(error.to_string().starts_with("EAF_PG_PORT"), "{error}");
        }
    }

    #[test]
    fn one_port_for_two_services_is_refused() {
        let error =
            Ports::from_environment(|name| (name == "EAF_PORT").then(|| "1025".into())).unwrap_err().to_string();
        assert!(error.contains("EAF_PORT") && error.contains("EAF_SMTP_PORT") && error.contains("1025"), "{error}");
    }

    #[test]
    fn a_used_port_is_reported_with_its_process_and_variable() {
        let ports = Ports::free().expect("free ports");
        let _held = TcpListener::bind(("127.0.0.1", ports.smtp)).expect("it is free");
        let error = ports.check_free().unwrap_err().to_string();
        assert!(error.contains(&ports.smtp.to_string()) && error.contains("EAF_SMTP_PORT"), "{error}");
        assert_eq!(error.lines().count(), 1, "the free ones are not named: {error}");
        if cfg!(target_os = "linux") {
            assert!(error.contains(&format!("pid {}", std::process::id())), "{error}");
        }
    }
}
