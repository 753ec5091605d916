//! Submission of a request, or of an order of several machines, at the offering's present price.
//! All requests of an order are recorded, or none.

use super::decision::begin::Planned;
use super::decision::record::Recording;
use super::decision::with_people;
use super::event::RequestSubmitted;
use super::order::{self, EVENTS_MAX, MACHINES_MAX, Order, Others};
use super::quote::quote;
use super::{Request, Spec, stream};
use crate::calendar::state::{CALENDAR, Current};
use crate::naming::{self, Holder, NameClaimed, PATTERN as NAME};
use crate::offering::{self, Offering, OfferingDefined, PATTERN as KEY, is_key};
use crate::permission::REQUEST;
use crate::policy::state::PUBLISHED;
use crate::settings::Settings;
use eaf_sdk::personal::CommandActor;
use eaf_sdk::{Accepted, Boundary, Command, Context, FieldError, Fields, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Revision of a request that was not revised.
pub const FIRST_REVISION: u32 = 1;

/// Maximum length of a justification, in characters.
const MAX_JUSTIFICATION: usize = 2000;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RequestVm {
    /// NetBIOS name of the machine, unique in the tenant: 1 to 15 letters, digits and hyphens.
    #[schemars(regex(pattern = NAME), extend("x-eaf-own-words" = true))]
    pub name: String,
    /// Names of further machines, up to 13, each with a request of its own. Offering, size, term
    /// and justification are the same.
    #[serde(default)]
    #[schemars(length(max = 13), extend("x-eaf-own-words" = true))]
    pub more_names: Vec<String>,
    /// Key of an offering.
    #[schemars(regex(pattern = KEY), extend("x-eaf-own-words" = true))]
    pub offering: String,
    #[schemars(range(min = 1, max = 128), extend("x-eaf-own-words" = true))]
    pub cpus: i64,
    #[schemars(range(min = 1, max = 4096), extend("x-eaf-own-words" = true))]
    pub memory_gb: i64,
    /// Justification of the request for its approvers, 10 to 2,000 characters.
    #[schemars(length(min = 10, max = 2000), extend("x-eaf-own-words" = true))]
    pub justification: Personal<CommandActor>,
    /// Term of the machine in months, 1 to 60.
    #[schemars(range(min = 1, max = 60), extend("x-eaf-own-words" = true))]
    pub term_months: i64,
    /// Price of one machine that the caller saw, in cents per month; a different one by now is a
    /// conflict.
    #[schemars(range(min = 0, max = 100_000_000_000_i64), extend("x-eaf-own-words" = true))]
    pub expected_monthly_cents: Option<i64>,
}

/// Checks that an offering is active, so that people may request it. `offering` is the display
/// name, for the rejection.
pub fn can_submit(active: bool, offering: &str) -> Result<(), Rejection> {
    if active {
        return Ok(());
    }
    Err(Rejection::conflict("offering-inactive").param("offering", offering).at("/offering"))
}

/// Offering by its key; `None`: no such offering.
pub(super) fn defined(key: &str, streams: &Streams) -> Option<OfferingDefined> {
    streams.fold::<Offering>(&offering::stream(key)).and_then(|offering| offering.defined)
}

impl Command for RequestVm {
    const NAME: &'static str = "request-vm";
    const PERMISSION: Option<&'static str> = Some(REQUEST);

    fn boundary(&self, ctx: &Context, loaded: &Streams) -> Boundary {
        let mut boundary = self.ids(ctx).iter().fold(Boundary::none(), |boundary, id| boundary.guard(stream(id)));
        for (_, name) in self.names().filter(|(_, name)| naming::is_valid(name)) {
            boundary = boundary.guard(naming::stream(name));
        }
        if is_key(&self.offering) {
            boundary = boundary.read(offering::stream(&self.offering));
        }
        boundary = boundary.read(PUBLISHED).read(CALENDAR);
        match self.planned(ctx, loaded, Others::default(), FIRST_REVISION) {
            Some(planned) => with_people(boundary, &planned.approval),
            None => boundary,
        }
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let offering = self.offering(streams);
        if let Some(offering) = &offering {
            can_submit(offering.active, &offering.name)?;
        }
        let planned = self.planned(ctx, streams, Others::default(), FIRST_REVISION);
        let quoted = planned.map(|planned| quote(ctx, &planned));
        match (self.submit(ctx, streams, offering), quoted) {
            (Ok(accepted), Some(quoted)) => Ok(accepted.preview(quoted)),
            (Err(rejection), Some(quoted)) => Err(rejection.params(quoted)),
            (decided, None) => decided,
        }
    }
}

impl RequestVm {
    fn submit(
        self,
        ctx: &Context,
        streams: &Streams,
        offering: Option<OfferingDefined>,
    ) -> Result<Accepted, Rejection> {
        let offering = self.check(&ctx.settings(), offering)?;
        self.check_free(streams)?;
        let spec = self.spec(&ctx.settings(), &offering);
        let Current { calendar, .. } = Current::of(streams);
        let others = self.with_more(Others::default(), &spec);
        let planned = Planned::new(ctx, streams, &calendar, (&spec, others), FIRST_REVISION);
        planned.check()?;
        let mut accepted = Accepted::nothing().subject("requests", &ctx.command_id);
        for (id, spec) in self.ids(ctx).into_iter().zip(self.lines(ctx, &spec)) {
            let submitted = self.submitted(ctx, &id, spec);
            let claimed = NameClaimed { name: submitted.spec.vm_name.clone(), request_id: id.clone() };
            let request = Request::of(&submitted, ctx.now);
            accepted = accepted.event(stream(&id), submitted).event(naming::stream(&claimed.name), claimed);
            let recording = Recording::new(ctx, &id, &request, None, &calendar);
            let recording = Recording { together: self.together(), ..recording };
            accepted = planned.clone().begin(ctx, streams, &recording, accepted);
        }
        match accepted.events.len() {
            ..=EVENTS_MAX => Ok(accepted),
            _ => Err(Rejection::conflict("order-too-large").param("machines", self.names().count())),
        }
    }

    fn submitted(&self, ctx: &Context, id: &str, spec: Spec) -> RequestSubmitted {
        RequestSubmitted {
            request_id: id.into(),
            requester_id: ctx.actor.id.clone(),
            requester_name: Personal::new(&ctx.actor.name),
            justification: Personal::new(self.justification.as_str().trim()),
            spec,
        }
    }

    /// Names of the machines with their JSON pointers, as many as an order may have.
    fn names(&self) -> impl Iterator<Item = (String, &String)> {
        let more = self.more_names.iter().enumerate().map(|(index, name)| (format!("/more_names/{index}"), name));
        std::iter::once(("/name".to_owned(), &self.name)).chain(more).take(MACHINES_MAX)
    }

    /// Ids of the requests. The command id is the same for every repetition, so that each request
    /// and its machine are created once.
    fn ids(&self, ctx: &Context) -> Vec<String> {
        (1..).zip(self.names()).map(|(line, _)| order::request_id(&ctx.command_id, line)).collect()
    }

    /// Machines of the submission, each with its line if there are several.
    fn lines(&self, ctx: &Context, spec: &Spec) -> Vec<Spec> {
        let lines = self.names().count() as u32;
        let order = |line| (lines > 1).then(|| Order { id: ctx.command_id.clone(), line, lines });
        let lines = (1..).zip(self.names());
        lines.map(|(line, (_, name))| Spec { vm_name: name.clone(), order: order(line), ..spec.clone() }).collect()
    }

    /// Names of all machines of an order; empty for one machine.
    fn together(&self) -> Vec<String> {
        let names = self.names().map(|(_, name)| name.clone());
        if self.more_names.is_empty() { Vec::new() } else { names.collect() }
    }

    fn with_more(&self, others: Others, spec: &Spec) -> Others {
        others.plus(self.names().skip(1).count() as u32, spec)
    }

    /// Plan of the approval; `None` while the offering is unknown or does not permit the size.
    /// `others` are machines of the order that are not in this command.
    pub(super) fn planned(&self, ctx: &Context, streams: &Streams, others: Others, revision: u32) -> Option<Planned> {
        let offering = is_key(&self.offering).then(|| self.offering(streams)).flatten()?;
        let fits = offering.cpus().contains(&self.cpus) && offering.memory_gb().contains(&self.memory_gb);
        let spec = fits.then(|| self.spec(&ctx.settings(), &offering))?;
        let others = self.with_more(others, &spec);
        Some(Planned::new(ctx, streams, &Current::of(streams).calendar, (&spec, others), revision))
    }

    pub(super) fn offering(&self, streams: &Streams) -> Option<OfferingDefined> {
        defined(&self.offering, streams)
    }

    /// Requested machine at the offering's present price. A term outside its limits is counted as
    /// the nearest limit, for a rehearsal.
    pub(super) fn spec(&self, settings: &Settings, offering: &OfferingDefined) -> Spec {
        let (cpus, memory_gb) = (self.cpus as u32, self.memory_gb as u32);
        Spec {
            vm_name: self.name.clone(),
            cpus,
            memory_gb,
            term_months: self.term_months.clamp(1, settings.max_term_months.into()) as u32,
            monthly_cents: offering.monthly_cents(cpus, memory_gb),
            offering: offering.key.clone(),
            offering_name: offering.name.clone(),
            image: offering.image.clone(),
            template: offering.template.clone(),
            currency: offering.currency.clone(),
            await_address: offering.await_address,
            decommission: None,
            order: None,
        }
    }

    /// Checks that the present price is still the price that the requester saw.
    fn check_price(&self, offering: &OfferingDefined) -> Result<(), Rejection> {
        let now = offering.monthly_cents(self.cpus as u32, self.memory_gb as u32);
        match self.expected_monthly_cents {
            Some(expected) if expected != now => Err(Rejection::conflict("price-changed")
                .param("expected_cents", expected)
                .param("monthly_cents", now)
                .param("currency", offering.currency.as_str())),
            _ => Ok(()),
        }
    }

    /// Checks each name, and that the names differ in more than upper and lower case.
    fn check_names(&self, fields: &mut Fields) {
        let count = self.more_names.len() + 1;
        if count > MACHINES_MAX {
            let too_many = FieldError::new("/more_names", "machines-too-many");
            fields.push(too_many.param("count", count).param("max", MACHINES_MAX));
        }
        let mut before = BTreeSet::new();
        for (pointer, name) in self.names() {
            naming::check(fields, &pointer, name);
            if naming::is_valid(name) && !before.insert(name.to_ascii_lowercase()) {
                fields.push(FieldError::new(&pointer, "vm-name-twice").param("name", name.as_str()));
            }
        }
    }

    /// Checks that no name is taken. The rejection has an error for each name that is.
    fn check_free(&self, streams: &Streams) -> Result<(), Rejection> {
        let holder = |name: &str| streams.fold::<Holder>(&naming::stream(name)).and_then(|holder| holder.request_id);
        let taken: Vec<_> = self.names().filter(|(_, name)| holder(name).is_some()).collect();
        let names = taken.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(", ");
        let rejection = match taken.as_slice() {
            [] => return Ok(()),
            [_] => Rejection::conflict("vm-name-taken").param("name", names),
            _ => Rejection::conflict("vm-names-taken").param("names", names),
        };
        let error = |(pointer, name): &(String, &String)| {
            FieldError::new(pointer, "vm-name-taken").param("name", name.as_str())
        };
        Err(Rejection { fields: taken.iter().map(error).collect(), ..rejection })
    }

    /// Checks the command's body against the offering and its price, and rejects the body with all
    /// of its errors at once.
    pub(super) fn check(
        &self,
        settings: &Settings,
        offering: Option<OfferingDefined>,
    ) -> Result<OfferingDefined, Rejection> {
        let mut fields = Fields::default();
        self.check_names(&mut fields);
        match &offering {
            Some(o) => {
                fields.within("/cpus", "cpus-out-of-range", self.cpus, o.cpus());
                fields.within("/memory_gb", "memory-out-of-range", self.memory_gb, o.memory_gb());
            }
            // Limits of an unknown offering cannot be checked.
            None => {
                fields.push(FieldError::new("/offering", "offering-unknown").param("offering", self.offering.clone()))
            }
        }
        let justification = settings.min_justification as usize..=MAX_JUSTIFICATION;
        fields.length("/justification", "justification", self.justification.as_str(), justification);
        fields.within("/term_months", "term-out-of-range", self.term_months, 1..=settings.max_term_months.into());
        fields.into_result("invalid-request")?;
        let offering = offering.ok_or_else(|| Rejection::invalid("invalid-request"))?;
        self.check_price(&offering)?;
        Ok(offering)
    }
}
