"""Which responses should people label next? The rows whose labels would teach most, as a Label Studio project.

responses ──survey──> Candidates: who may be asked about, and how alike they are     candidates, ngrams
judge or verdicts ──> Opinion: how unsure the judge is of each                       opinions
both ──choose──> Pick: a few at random, the rest uncertain, diverse and spread       selection, pool
picks ──write_folder──> tasks.json, config.xml, instructions, queue.jsonl            folder, label_studio
"""
