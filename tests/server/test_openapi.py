"""The service is asked all that its OpenAPI allows, and what it does not, by schemathesis."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

# A body may follow the schema and still be none for the model: an unknown item, for example.
CONFIG = SchemathesisConfig.from_dict(
    {"checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "400"]}}}
)


@pytest.fixture
def openapi(client):
    return schemathesis.openapi.from_asgi("/openapi.json", client.app, config=CONFIG)


def whole(case):
    """Write 5.0 as 5: JSON Schema has one integer in both, the service takes no float for an id."""

    def written(value):
        if isinstance(value, list):
            return list(map(written, value))
        if isinstance(value, dict):
            return {name: written(each) for name, each in value.items()}
        return int(value) if isinstance(value, float) and value.is_integer() else value

    case.body = written(case.body)
    return case


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_answers_are_as_the_openapi_says(openapi, mode):
    asked = []
    for found in openapi.get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.NEGATIVE and not operation.body:
            continue  # nothing in it can be wrong

        cases = operation.as_strategy(generation_mode=mode)

        @given(case=cases.map(whole) if mode is GenerationMode.POSITIVE else cases)
        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        def ask(case):
            asked.append(case.call_and_validate().status_code)

        ask()
    assert 200 in asked or mode is GenerationMode.NEGATIVE
    assert len(asked) > 60


def test_every_refusal_is_described(openapi):
    document = openapi.raw_schema
    for path in ("/recommend", "/explain"):
        responses = document["paths"][path]["post"]["responses"]
        assert set(responses) == {"200", "400", "413", "422", "500", "503"}
        for code, response in responses.items():
            (name,) = response["content"]["application/json"]["schema"].values()
            assert (name == "#/components/schemas/Refusal") == (code != "200")
    assert "Retry-After" in document["paths"]["/recommend"]["post"]["responses"]["503"]["headers"]
