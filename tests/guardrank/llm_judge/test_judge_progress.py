"""What a chat judge shows while it asks."""

from guardrank import progress


def test_records_and_dollars(judge, records, capfd, monkeypatch):
    monkeypatch.setattr(progress, "SPAN_SECONDS", 0.0)
    list(judge(progress=True).score(records(4)))
    assert capfd.readouterr().err.splitlines()[-1].startswith("4 of 4 records")
