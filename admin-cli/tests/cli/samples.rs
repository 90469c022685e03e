//! The samples of the specification are files that the tool proposes as they are.

use std::path::Path;

use crate::network::Network;

fn sample(name: &str) -> String {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/samples");
    samples.join(name).display().to_string()
}

// spec: ADM-292, STM-85, STM-102
#[test]
fn every_sample_of_the_registry_is_proposed_as_it_is() {
    let network = Network::new();
    let genesis = network.genesis();
    let cases: [(&str, &str, &[&str], &str); 4] = [
        ("catalogue", "catalogue.toml", &[], "item-catalogue"),
        ("measures", "measures.toml", &[], "measure-catalogue"),
        ("deadlines", "deadline-rules.toml", &[], "deadline-rules"),
        (
            "calendar",
            "calendar-cn-2024-2026.toml",
            &["--covers", "2026-05-01"],
            "calendar",
        ),
    ];
    for (verb, file, more, class) in cases {
        let (file, out) = (sample(file), network.path(&format!("{verb}.proposal")));
        let mut propose = vec!["change", verb, &file, "--genesis", &genesis, "--out", &out];
        propose.extend(more);
        let shown = network.run(&propose).exits(0).json()["summary"].clone();
        assert_eq!(shown["change"][0], class, "{shown}");
    }
}

/// Every measure that the sample catalogue names has its article in the sample of measures.
#[test]
fn sample_catalogue_names_only_measures_of_the_sample() {
    let read = |name: &str| std::fs::read_to_string(sample(name)).unwrap();
    let (catalogue, measures) = (read("catalogue.toml"), read("measures.toml"));
    let lines = catalogue
        .lines()
        .filter(|line| line.starts_with("measures"));
    let named: Vec<&str> = lines
        .flat_map(|line| line.split('"').skip(1).step_by(2))
        .collect();
    assert!(named.len() > 20, "{named:?}");
    for measure in named {
        let code = format!("code = \"{measure}\"");
        assert!(measures.contains(&code), "{measure}");
    }
}
