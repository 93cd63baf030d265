"""What a file is told to hold without running it: plots, or that it is one, and what it changes for its process."""

from __future__ import annotations

import textwrap

import pytest

from plots.outline import Outline, outline


def outlined(text: str) -> Outline:
    return outline(textwrap.dedent(text).encode(), "p.py")


PLT = "import matplotlib.pyplot as plt\n"


@pytest.mark.parametrize(
    "text",
    [
        PLT + "plt.plot([1])",
        "import matplotlib.pyplot\nmatplotlib.pyplot.figure()",
        "from matplotlib import pyplot as p\np.show()",
        "from matplotlib import pyplot\nfig, ax = pyplot.subplots()",
        "from matplotlib.pyplot import plot as draw\ndraw([1])",
        "from matplotlib.pyplot import *\nplot([1])",
        "from pylab import *\nx = linspace(0, 1)\nplot(x)",
        "import pylab\npylab.plot([1])",
        "import matplotlib.pylab as pl\npl.plot([1])",
        PLT + "if True:\n    pass\nelse:\n    plt.plot([1])",
        PLT + "for k in range(3):\n    while True:\n        plt.figure()",
        PLT + "with open('x') as file:\n    plt.plot(file)",
        PLT + "try:\n    pass\nexcept OSError:\n    plt.plot([1])\nfinally:\n    pass",
        PLT + "match 3:\n    case 3:\n        plt.plot([1])",
        PLT + "[plt.plot(x) for x in (1, 2)]",
        PLT + "class Once:\n    figure = plt.figure()",
        PLT + "def f(fig=plt.figure()): ...",
        PLT + "axes = plt.figure().add_subplot()",
        PLT + "if __name__ == '__main__':\n    plt.plot([1])",
        PLT + "def main():\n    plt.plot([1])\nmain()",
        PLT + "def main():\n    inner()\ndef inner():\n    plt.plot([1])\nimport sys\nsys.exit(main())",
        PLT + "async def main():\n    plt.plot([1])\nimport asyncio\nasyncio.run(main())",
        PLT + "def main():\n    plt.plot([1])\nif '__main__' == __name__:\n    import fire\n    fire.Fire(main)",
        PLT + "class Base:\n    def draw(self): plt.plot([1])\nclass Net(Base): ...\nNet().draw()",
        "def main():\n    import matplotlib.pyplot as plt\n    plt.plot([1])\nmain()",
        PLT + "import pandas as pd\npd.DataFrame({'x': [1]}).plot.bar()",
        PLT + "table = read()\ntable.plot()",
        PLT + "import seaborn as sns\nsns.heatmap([[1]])",
        PLT + "import seaborn as sns\nsns.lineplot(x=[1])",
    ],
)
def test_a_file_that_draws_outside_functions_is_a_script(text: str) -> None:
    assert outlined(text).is_script


@pytest.mark.parametrize(
    "text",
    [
        "",
        "import numpy as np\nnp.plot()",
        PLT,
        PLT + "def draw():\n    plt.plot([1])",
        PLT + "draw = lambda: plt.plot([1])",
        PLT + "class Net:\n    def draw(self): plt.plot([1])",
        PLT + "class Net:\n    def draw(self): plt.plot([1])\nDRAWERS = {'net': Net}",
        PLT + "def draw():\n    plt.plot([1])\nREGISTRY = [draw]",
        PLT + "def draw():\n    plt.plot([1])\ndef other(): draw()",
        PLT + "plt.style.use('ggplot')\nplt.rcParams.update({})\nplt.rc('font', size=3)\nplt.switch_backend('agg')",
        PLT + "COLOURS = plt.cm.viridis([0.1])\nMAP = plt.get_cmap('jet')\nNORM = plt.Normalize(0, 1)",
        PLT + "plt.rcParams['axes.prop_cycle'] = plt.cycler(color='rgb')",
        "from pylab import *\nx = linspace(0, 1)\nprint(sin(x))",
        "from matplotlib.pyplot import *\ndef plot(x): ...\nplot(3)\nprint(len([]))",
        "import pandas as pd\npd.DataFrame({'x': [1]}).plot()",
        "import seaborn as sns\nsns.lineplot(x=[1])",
        PLT + "import seaborn as sns\nsns.set_theme()",
        "from . import pyplot as plt\nplt.plot([1])",
        "import mypyplot as plt\nplt.plot([1])",
        PLT + "plt.plot([1])\ndef plot_a(): ...",
        PLT + "plt.plot([1])\nclass Net:\n    def plot_a(self): ...",
    ],
)
def test_no_other_file_is(text: str) -> None:
    assert not outlined(text).is_script


def test_a_script_is_described_by_its_docstring() -> None:
    found = outlined(f'"""Loss.\n\n  Per run.\n"""\n{PLT}plt.plot([1])')
    assert found == Outline((), True, "Loss.\n\nPer run.")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import os\nos.chdir('x')", ("os.chdir",)),
        ("import os as o\ndef f(): o.umask(0)", ("os.umask",)),
        ("from os import chdir as cd, path\nif True:\n    cd(path.sep)", ("os.chdir",)),
        ("import os.path\nos.chdir(os.path.sep)", ("os.chdir",)),
        (
            "import locale, signal\nsignal.alarm(1)\nlocale.setlocale(locale.LC_ALL, '')",
            ("signal.alarm", "locale.setlocale"),
        ),
        ("import sys\ndef f():\n    sys.stdout = open('x')", ("sys.stdout",)),
        ("import sys\nold, sys.stderr = sys.stderr, None", ("sys.stderr",)),
        ("import sys\nsys.stdout.write('x')\nprint(file=sys.stderr)", ()),
        ("from contextlib import redirect_stdout\nwith redirect_stdout(None): ...", ("contextlib.redirect_stdout",)),
        ("import contextlib as c\ndef f():\n    with c.chdir('x'): ...", ("contextlib.chdir",)),
        ("import os\ndef f():\n    os.environ['TZ'] = 'UTC'\n    os.environ.pop('TZ')", ("os.environ",)),
        ("import os\ndef f():\n    del os.environ['TZ']", ("os.environ",)),
        ("import os\nos.environ['OMP_NUM_THREADS'] = '1'\ndef f(): return os.environ['TZ']", ()),
        ("import os\nif __name__ == '__main__':\n    os.chdir('x')\nelse:\n    os.umask(0)", ("os.umask",)),
        ("class os:\n    chdir = print\nos.chdir('x')", ()),
        ("import warnings\ndef f(): warnings.simplefilter('error')", ("warnings.simplefilter",)),
        (
            "import warnings as w\ndef f():\n    with w.catch_warnings():\n        w.filterwarnings(action='error')",
            ("warnings.filterwarnings",),
        ),
        ("import warnings\nwarnings.simplefilter('error')", ()),
        ("import warnings\ndef f(x):\n    warnings.simplefilter('ignore')\n    warnings.filterwarnings(x)", ()),
        ("import pandas as pd\ndef f(): pd.set_option('display.precision', 1)", ("pandas.set_option",)),
        ("import pandas as pd\npd.set_option('display.precision', 1)\npd.options.display.width = 9", ()),
        ("import pandas as pd\ndef f(): pd.options.display.width = 9", ("pandas.options.display.width",)),
        ("from matplotlib.axes import Axes\ndef f(): Axes.set_title = print", ("matplotlib.axes.Axes.set_title",)),
        ("import matplotlib as mpl\ndef f(ax):\n    mpl.rcParams['font.size'] = 9\n    ax.x = mpl.rcParams", ()),
        ("import os\nclass A:\n    def f(self): os.chdir('a'); os.chdir('b')", ("os.chdir",)),
    ],
)
def test_what_changes_the_whole_process_is_told_of_a_file_with_plots(text: str, names: tuple[str, ...]) -> None:
    assert outlined(text + "\ndef plot_a(): ...").process_wide == names
