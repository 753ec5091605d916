//! From one package to the next.

use crate::toy::Toy;
use eaf_core::consumers::prepare;
use eaf_core::testing::Database;

#[tokio::test]
async fn the_views_of_a_package_take_over_when_it_is_active_and_not_before() {
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
    // Whoever installs it dies here.
    assert_eq!(projected().await, first);
    active(2, newer.digest).await;
    prepare(&core.db, &newer).await.unwrap();
    assert_eq!(projected().await, second);
    // A host that has not heard of it yet.
    prepare(&core.db, &toy).await.unwrap();
    assert_eq!(projected().await, second);
    active(3, toy.digest).await;
    prepare(&core.db, &toy).await.unwrap();
    assert_eq!(projected().await, first);
}
