//! What can be checked of examples/collector without the programs it configures.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should stop right there")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use yaml_rust2::{Yaml, YamlLoader};

const COLLECTORS: [&str; 2] = ["gateway.yaml", "sampler.yaml"];
const SECTIONS: [&str; 4] = ["receivers", "processors", "exporters", "extensions"];

fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/collector").join(file)
}

fn text(file: &str) -> String {
    std::fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn parsed(file: &str) -> Yaml {
    let mut documents =
        YamlLoader::load_from_str(&text(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    assert_eq!(documents.len(), 1, "{file}");
    documents.remove(0)
}

fn entries(map: &Yaml) -> impl Iterator<Item = (&str, &Yaml)> {
    map.as_hash().into_iter().flatten().map(|(name, value)| (name.as_str().unwrap(), value))
}

fn names(map: &Yaml) -> BTreeSet<&str> {
    entries(map).map(|(name, _)| name).collect()
}

fn strings(list: &Yaml) -> Vec<&str> {
    list.as_vec().into_iter().flatten().map(|item| item.as_str().unwrap()).collect()
}

/// Everything beneath, itself included.
fn all(yaml: &Yaml) -> Vec<&Yaml> {
    let inner: Vec<&Yaml> = match yaml {
        Yaml::Array(items) => items.iter().collect(),
        Yaml::Hash(map) => map.values().collect(),
        _ => Vec::new(),
    };
    std::iter::once(yaml).chain(inner.into_iter().flat_map(all)).collect()
}

#[test]
fn what_is_named_is_defined_and_what_is_defined_is_used() {
    for file in COLLECTORS {
        let config = parsed(file);
        let service = &config["service"];
        for section in SECTIONS {
            let used: BTreeSet<&str> = match section {
                "extensions" => strings(&service[section]).into_iter().collect(),
                _ => entries(&service["pipelines"])
                    .flat_map(|(_, pipeline)| strings(&pipeline[section]))
                    .collect(),
            };
            assert_eq!(used, names(&config[section]), "{file}: {section}");
        }
        let known = BTreeSet::from(["receivers", "processors", "exporters", "extensions", "service"]);
        assert_eq!(names(&config), known, "{file}");
    }
}

#[test]
fn every_pipeline_is_of_a_signal_and_has_its_processors_in_a_sound_order() {
    for file in COLLECTORS {
        for (name, pipeline) in entries(&parsed(file)["service"]["pipelines"]) {
            let signal = name.split('/').next().unwrap();
            assert!(["traces", "metrics", "logs"].contains(&signal), "{file}: {name}");
            let processors = strings(&pipeline["processors"]);
            assert_eq!(processors.first(), Some(&"memory_limiter"), "{file}: {name}");
            let place = |wanted| processors.iter().position(|processor| *processor == wanted);
            if let Some(batch) = place("batch") {
                assert_eq!(batch, processors.len() - 1, "{file}: {name} does something after its batches");
                assert!(place("tail_sampling").is_none_or(|sampling| sampling < batch));
                assert!(!strings(&pipeline["exporters"]).contains(&"loadbalancing"), "{file}: {name}");
            }
            assert!(
                !strings(&pipeline["receivers"]).is_empty() && !strings(&pipeline["exporters"]).is_empty()
            );
        }
    }
}

#[test]
fn pages_may_send_what_the_exporter_sends_but_not_from_everywhere() {
    let config = parsed("gateway.yaml");
    let http = &config["receivers"]["otlp"]["protocols"]["http"];
    let cors = &http["cors"];
    let origins = strings(&cors["allowed_origins"]);
    assert!(!origins.is_empty() && !origins.contains(&"*"));
    let headers = strings(&cors["allowed_headers"]);
    assert!(
        ["content-type", "content-encoding"].iter().all(|header| headers.contains(header)),
        "{headers:?}"
    );
    for section in ["gateway.yaml", "sampler.yaml"] {
        let limiter = &parsed(section)["processors"]["memory_limiter"];
        let (limit, spike) = (&limiter["limit_percentage"], &limiter["spike_limit_percentage"]);
        assert!(spike.as_i64() < limit.as_i64() && limit.as_i64() < Some(100));
    }
}

#[test]
fn whole_traces_reach_one_sampler() {
    let gateway = parsed("gateway.yaml");
    let balancer = &gateway["exporters"]["loadbalancing"];
    assert_eq!(balancer["routing_key"].as_str(), Some("traceID"));
    let sampler = parsed("sampler.yaml");
    let endpoint = sampler["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"].as_str().unwrap().to_owned();
    let port = endpoint.rsplit(':').next().unwrap();
    let compose = parsed("compose.yaml");
    let hostnames = strings(&balancer["resolver"]["static"]["hostnames"]);
    assert!(hostnames.len() > 1, "one needs no balancing");
    for host in hostnames {
        let (service, at) = host.split_once(':').unwrap();
        assert!(compose["services"][service].as_hash().is_some(), "{service} is no service");
        assert_eq!(at, port);
    }
}

#[test]
fn sampling_keeps_errors_and_every_policy_says_how() {
    let sampler = parsed("sampler.yaml");
    let sampling = &sampler["processors"]["tail_sampling"];
    let policies = sampling["policies"].as_vec().unwrap();
    let mut seen = BTreeSet::new();
    let inner =
        policies.iter().flat_map(|policy| policy["and"]["and_sub_policy"].as_vec().into_iter().flatten());
    for policy in policies.iter().chain(inner) {
        let (name, kind) = (policy["name"].as_str().unwrap(), policy["type"].as_str().unwrap());
        assert!(seen.insert(name), "{name} is there twice");
        assert!(policy[kind].as_hash().is_some(), "{name} does not say its {kind}");
        assert_eq!(names(policy).len(), 3, "{name}");
    }
    assert!(policies.iter().any(|policy| strings(&policy["status_code"]["status_codes"]) == ["ERROR"]));
}

#[test]
fn every_attribute_of_ours_that_is_named_exists() {
    let table = std::fs::read_to_string(path("../../runtime/core/src/names.rs")).unwrap();
    let mut found = 0;
    for file in COLLECTORS {
        for value in all(&parsed(file)).into_iter().filter_map(Yaml::as_str) {
            if value.starts_with("atelier.") {
                assert!(table.contains(&format!("\"{value}\"")), "{file}: there is no {value}");
                found += 1;
            }
        }
    }
    assert!(found > 1);
}

#[test]
fn compose_mounts_what_is_here_and_reaches_what_it_names() {
    let compose = parsed("compose.yaml");
    let services = &compose["services"];
    for (name, service) in entries(services) {
        // A merge key brings in what another service says.
        let said = |key: &str| if service[key].is_badvalue() { &service["<<"][key] } else { &service[key] };
        let image = said("image").as_str().unwrap();
        assert!(
            image.rsplit(':').next().is_some_and(|tag| tag.contains('.')),
            "{name}: {image} has no version"
        );
        let command = strings(said("command")).join(" ");
        for volume in strings(said("volumes")) {
            let (ours, theirs) = volume.split_once(':').unwrap();
            assert!(path(ours).is_file(), "{name}: {ours}");
            assert!(command.contains(theirs.split(':').next().unwrap()), "{name} does not read {theirs}");
        }
        strings(said("depends_on"))
            .iter()
            .for_each(|other| assert!(names(services).contains(other), "{other}"));
    }
    for file in COLLECTORS {
        for endpoint in all(&parsed(file)["exporters"]).into_iter().filter_map(Yaml::as_str) {
            let Some((host, _)) = endpoint.trim_start_matches("http://").split_once(':') else { continue };
            assert!(names(services).contains(host), "{file}: {host} is no service");
        }
    }
}

#[test]
fn whatever_the_environment_may_set_has_a_default_and_is_explained() {
    let readme = text("README.md");
    for file in COLLECTORS {
        let text = text(file);
        for variable in text.split("${env:").skip(1) {
            let (name, rest) =
                variable.split_once(":-").unwrap_or_else(|| panic!("{file}: no default: {variable}"));
            assert!(!rest.starts_with('}') && readme.contains(name), "{file}: {name}");
            assert!(text_of_compose_sets(name), "compose.yaml does not pass {name} on");
        }
    }
}

fn text_of_compose_sets(name: &str) -> bool {
    let compose = parsed("compose.yaml");
    entries(&compose["services"]).any(|(_, service)| names(&service["environment"]).contains(name))
}
