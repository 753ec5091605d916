//! Tests of names that contain special characters of XML or of inventory paths.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn special_characters_are_preserved() {
    let bench = Bench::start(&[]).await;
    for (number, name) in ["a&b <c> \"d\" 'e'", "-- ]]> ${x}", "gr\u{fc}\u{df}e \u{1f680}"].into_iter().enumerate() {
        // Only the folder's name contains characters that an inventory path escapes, because the
        // simulator cannot clone to a machine with such a name.
        let folder = format!("50%25 7%5c8 a%2fb {name}");
        bench.complete(&call("ensure-folder", json!({ "path": folder }))).await.unwrap();
        bench.complete(&call("ensure-folder", json!({ "path": folder }))).await.unwrap();
        let identity = format!("id {number} {name}");
        let mut clone = clone_of(name);
        clone.args["identity"] = json!(identity);
        clone.args["spec"]["folder"] = json!(folder);
        clone.idempotency_key = format!("key {name}");
        let machine = bench.complete(&clone).await.unwrap();
        assert_eq!(bench.complete(&call("read-vm", json!({ "identity": identity }))).await.unwrap(), machine);
        let machines = bench.vcsim.machines();
        assert_eq!(machines.len(), 1);
        assert_eq!(machines[0].extra_config["eaf.key"], format!("key {name}"));
        assert!(machines[0].extra_config["eaf.marker"].ends_with(&identity), "{machines:?}");
        assert_eq!(machines[0].folder.len(), 3, "{machines:?}");
        assert_eq!(machines[0].instance_uuid, machine["instance_uuid"]);
        assert_eq!(machine["name"], name, "a name is shown as a person wrote it");
        bench.complete(&call("destroy", json!({ "identity": identity }))).await.unwrap();
        assert!(bench.vcsim.machines().is_empty());
    }
}
