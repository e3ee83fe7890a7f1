"""scikit-learn's own report of the errors in a file of labels and predictions, as JSON. Nothing of sweeper is imported.

python tests/helpers/sklearn_errors.py FILE.npz
"""

from __future__ import annotations

import json
import sys

import numpy as np
from sklearn.metrics import classification_report, confusion_matrix

if __name__ == "__main__":
    data = np.load(sys.argv[1])
    labels, predictions = data["labels"], data["predictions"]
    classes = sorted(set(labels.tolist()) | set(predictions.tolist()))
    report = classification_report(labels, predictions, labels=classes, output_dict=True, zero_division=np.nan)
    matrix = confusion_matrix(labels, predictions, labels=classes)
    assert not any(name.startswith("sweeper") for name in sys.modules)
    by_class = {str(index): report[str(index)] for index in classes}
    print(json.dumps({"classes": classes, "report": by_class, "matrix": matrix.tolist()}))
