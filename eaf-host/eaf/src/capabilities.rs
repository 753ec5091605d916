//! References to the crates of this binary's capabilities, which `build.rs` generates: one per
//! folder in `eaf-host/capabilities`.

include!(concat!(env!("OUT_DIR"), "/capabilities.rs"));

#[cfg(test)]
mod tests {
    use super::FOLDERS;
    use eaf_capability::Registration;
    use eaf_capability::egress::purposes;
    use eaf_capability::text::audit;
    use eaf_core::actor::Locale;

    #[test]
    fn every_folder_registers_its_capability() {
        let mut names: Vec<&str> = inventory::iter::<Registration>.into_iter().map(|one| one.name).collect();
        names.sort_unstable();
        assert_eq!(names, FOLDERS);
        for purpose in purposes() {
            let capability = purpose.name.split('-').next().unwrap_or_default();
            assert!(names.contains(&capability), "{} is named for no capability", purpose.name);
        }
    }

    #[test]
    fn every_function_has_a_title_and_a_sentence_for_the_audit() {
        for locale in [Locale::De, Locale::En] {
            audit::sentences(locale).unwrap_or_else(|cause| panic!("{cause}"));
        }
    }
}
