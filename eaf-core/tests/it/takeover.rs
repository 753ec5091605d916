//! Tests of a change of the active package.

use crate::toy::Toy;
use eaf_core::consumers::prepare;
use eaf_core::testing::Database;

#[tokio::test]
async fn view_definitions_become_active_with_their_package() {
    let database = Database::fresh().await;
    let (core, toy) = (database.core().await, Toy::new());
    prepare(&core.db, &toy).await.unwrap();
    let mut newer = Toy::of_version(2);
    newer.digest = "01";
    newer.drop_view("others");
    let active = async |generation: i64, digest: &'static str| {
        database.run(&format!("select eaf.activate('toy', {generation}, '{digest}')")).await;
    };
    let projected = async || -> Vec<(String, i32)> {
        let query = "select view, version from eaf.view where active order by 1, 2";
        sqlx::query_as(query).fetch_all(&mut database.superuser().await).await.unwrap()
    };
    let (first, second) =
        ([("others".to_owned(), 1), ("things".to_owned(), 1)].to_vec(), [("things".to_owned(), 2)].to_vec());
    active(1, toy.digest).await;
    prepare(&core.db, &newer).await.unwrap();
    // The installing process crashes at this point.
    assert_eq!(projected().await, first);
    active(2, newer.digest).await;
    prepare(&core.db, &newer).await.unwrap();
    assert_eq!(projected().await, second);
    // A host that still runs the former package prepares that package.
    prepare(&core.db, &toy).await.unwrap();
    assert_eq!(projected().await, second);
    active(3, toy.digest).await;
    prepare(&core.db, &toy).await.unwrap();
    assert_eq!(projected().await, first);
}
