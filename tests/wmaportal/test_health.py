def test_health_says_that_database_and_redis_answer(client, db):
    response = client.get("/health/")

    assert response.status_code == 200
    assert response.json() == {"database": "ok", "redis": "ok"}
    assert "no-store" in response["Cache-Control"]


def test_health_costs_one_query_and_starts_no_session(client, django_assert_num_queries, db):
    with django_assert_num_queries(1):
        response = client.get("/health/")

    assert response.cookies == {}
