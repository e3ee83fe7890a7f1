# %% [markdown]
# # Jobs from a notebook
#
# Live objects, one job per capability run, results in an analytics store. Open this file as a notebook (VS Code,
# PyCharm and Jupytext read the `# %%` marks), or run it: `python examples/notebook.py`.

# %% The objects: anything that follows the MAITE protocols
import tempfile

from sklearn.ensemble import RandomForestClassifier

from sweeper.capabilities import Evaluate
from sweeper.datasets import Digits
from sweeper.jobs import (
    JobStatus,
    configure_job_backend,
    configure_provenance,
    get_job,
    list_jobs,
    shutdown_job_backend,
    submit_capability,
)
from sweeper.metrics import SklearnMetric
from sweeper.models import SklearnClassifier
from sweeper.store import open_store

dataset = Digits("test")
model = SklearnClassifier(RandomForestClassifier(n_estimators=50, random_state=0), train=Digits("train"), id="forest")
metrics = [
    SklearnMetric("sklearn.metrics.accuracy_score", id="accuracy"),
    SklearnMetric("sklearn.metrics.f1_score", kwargs={"average": "macro"}, id="macro f1"),
]

# %% 1. Configure. Nothing else starts Ray; `kind="inline"` runs jobs in this process, for a debugger
store = tempfile.mkdtemp()
configure_job_backend("ray-simple", address="local", analytics_store={"backend": "parquet", "uri": store}, num_cpus=2)
configure_provenance(user_id="ann@example.org", environment="notebook")

# %% 2. Submit. Each call is a new task; large objects are sent to the workers once, however often they are used
jobs = [
    submit_capability(
        Evaluate(),
        datasets=[dataset],
        models=[model],
        metrics=[metric],
        use_cache=False,
        resources={"num_cpus": 0.5},
        job_name=f"digits, {metric.metadata['id']}",
    )
    for metric in metrics
]

# %% 3. Inspect
for job in jobs:
    print(job.job_name, job.job_id, job.status.value)
print(jobs[0].wait(timeout=0.1).value)

# %% 4. Retrieve: a reference, not the data; those are in the store
for job in jobs:
    ref = job.result(timeout=300)
    print(ref.run_uid, ref.store_uri)
print(jobs[0].result().report.content)

# %% 5. List what this backend remembers
for job in list_jobs(limit=100, status_filter=JobStatus.COMPLETED):
    print(job.created_at, job.job_name)
assert get_job(jobs[0].job_id) is jobs[0]

# %% The rows of both jobs, from any process that can see the store
for row in open_store(store).table("maite_evaluation").to_pylist():
    print(row["dataset_id"], row["model_id"], row["metric_id"], row["output_key"], round(row["output_value"], 4))

# %% Wait for what runs, and end the Ray of this process
shutdown_job_backend()
