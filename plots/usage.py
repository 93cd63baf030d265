"""What a .py file draws outside functions, and changes for its whole process, read from its syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Iterator
from typing import TypeGuard

import matplotlib.pyplot as plt

PYPLOT = ("matplotlib.pyplot", "pylab", "matplotlib.pylab")
# What a file may well call that is only meant to be imported: it draws nothing.
SETTINGS = frozenset(
    """
    style rc rc_context rc_file rcdefaults rc_params rc_params_from_file rcParams rcParamsDefault xkcd cycler cm
    colormaps color_sequences get_cmap set_cmap register_cmap switch_backend get_backend ion ioff isinteractive
    interactive close get_fignums get_figlabels fignum_exists get_plot_commands figaspect set_loglevel
    install_repl_displayhook uninstall_repl_displayhook
    """.split()
)
PANDAS = frozenset(("plot", "hist", "boxplot"))  # methods that draw by way of pyplot
SEABORN = frozenset(("heatmap", "clustermap", "FacetGrid", "PairGrid", "JointGrid"))

CHANGES = frozenset(
    """
    os.chdir os.fchdir os.chroot os.umask os.putenv os.unsetenv os.dup2 os.nice os.setpriority
    contextlib.chdir contextlib.redirect_stdout contextlib.redirect_stderr locale.setlocale time.tzset
    signal.signal signal.alarm signal.setitimer signal.siginterrupt signal.set_wakeup_fd signal.pthread_sigmask
    sys.setrecursionlimit sys.setswitchinterval resource.setrlimit socket.setdefaulttimeout
    """.split()
)
STREAMS = frozenset(("sys.stdin", "sys.stdout", "sys.stderr"))
ENVIRONMENT = "os.environ"
# One that makes errors of warnings fails what others draw meanwhile, even within warnings.catch_warnings.
FILTERS = frozenset(("warnings.simplefilter", "warnings.filterwarnings"))
OPTIONS = frozenset(("pandas.set_option", "pandas.reset_option"))
LIBRARIES = ("matplotlib", "numpy", "pandas")  # a function that puts something of its own in there changes them for all
EDITS = frozenset(f"{ENVIRONMENT}.{method}" for method in ("update", "setdefault", "pop", "popitem", "clear"))

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Names:
    """What the names that a file imports, anywhere in it, stand for."""

    def __init__(self, tree: ast.Module) -> None:
        self._meanings: dict[str, str] = {}
        self._modules: set[str] = set()  # those that all names are taken from
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                self._modules.update(alias.name for alias in node.names)
                for alias in node.names:
                    top = alias.name.partition(".")[0]
                    self._meanings[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                self._modules.add(node.module)
                for alias in node.names:
                    self._meanings[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        self.has_pyplot = not {*PYPLOT}.isdisjoint((*self._modules, *self._meanings.values()))
        self.has_all_of_pyplot = "*" in self._meanings and not {*PYPLOT}.isdisjoint(self._modules)

    def full(self, node: ast.AST) -> str:
        """Return what *node* stands for, such as ``os.path.join``; empty if it is nothing imported."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self._meanings:
            return ""
        return ".".join([self._meanings[node.id], *reversed(parts)])


def draws_by_itself(tree: ast.Module, names: Names) -> bool:
    """Say whether running the file calls pyplot: outside functions, or in one of its own that is called from there.

    Where a class is called, so may each of its methods be. Of a file that imports pyplot, plots of pandas and seaborn
    count too.
    """
    if not names.has_pyplot:
        return False
    own = {node.name: node for node in ast.walk(tree) if isinstance(node, Function | ast.ClassDef)}
    waiting: list[tuple[Iterable[ast.AST], bool]] = [(tree.body, False)]
    reached: set[str] = set()
    while waiting:
        body, is_meant = waiting.pop()
        for node, is_meant_here in _run(body, is_meant):
            if isinstance(node, ast.Call) and _draws(node.func, names, own):
                return True
            name = _called(node, is_meant_here)
            if name in own and name not in reached:
                reached.add(name)
                waiting.append((_body_of(own[name]), True))
    return False


def changes_of_process(tree: ast.Module, names: Names) -> tuple[str, ...]:
    """Return what the file uses that changes its whole process, such as ``os.chdir``, in its order.

    What only a script runs is left out, and so are the environment, the filters of warnings and what belongs to
    libraries that are set outside functions, once.
    """
    found: list[tuple[int, int, str]] = []
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, is_inside = waiting.pop()
        name = _change(node, names)
        if name and isinstance(node, ast.expr) and (is_inside or not _may_be_set_once(name)):
            found.append((node.lineno, node.col_offset, name))
        parts = node.orelse if _is_main_guard(node) else ast.iter_child_nodes(node)
        is_inside |= isinstance(node, Function | ast.Lambda)
        waiting += [(part, is_inside) for part in parts]
    return tuple(dict.fromkeys(name for _, _, name in sorted(found)))


def _run(body: Iterable[ast.AST], is_meant: bool) -> Iterator[tuple[ast.AST, bool]]:
    """Yield all that is run when *body* is, without the functions that it defines.

    With each comes whether to run is what it is for: *is_meant*, or so below ``if __name__ == "__main__"``.
    """
    waiting = [(node, is_meant) for node in body]
    while waiting:
        node, is_meant_here = waiting.pop()
        yield node, is_meant_here
        parts: Iterable[ast.AST] = ast.iter_child_nodes(node)
        if isinstance(node, Function):
            parts = [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
        elif isinstance(node, ast.Lambda):
            parts = []
        is_meant_here |= _is_main_guard(node)
        waiting += [(part, is_meant_here) for part in parts]


def _is_main_guard(node: ast.AST) -> TypeGuard[ast.If]:
    match node:
        case ast.If(
            test=ast.Compare(left=ast.Name("__name__"), ops=[ast.Eq()], comparators=[ast.Constant("__main__")])
            | ast.Compare(left=ast.Constant("__main__"), ops=[ast.Eq()], comparators=[ast.Name("__name__")])
        ):
            return True
    return False


def _called(node: ast.AST, is_meant: bool) -> str:
    """Return the name that *node* calls; what is merely named, for a timer, say, counts where all is meant to run."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id
    return node.id if is_meant and isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) else ""


def _body_of(node: Function | ast.ClassDef) -> Iterator[ast.AST]:
    """Yield what may run when *node* is called: of a class, its methods, and the names of those it is made from."""
    if isinstance(node, Function):
        yield from node.body
        return
    yield from node.bases
    for part in node.body:
        yield from part.body if isinstance(part, Function) else ()


def _draws(called: ast.expr, names: Names, own: Container[str]) -> bool:
    """Say whether calling *called* draws; *own* are the names that the file defines."""
    full = names.full(called)
    for module in PYPLOT:
        if full.startswith(f"{module}."):
            return _is_drawing(full.removeprefix(f"{module}.").partition(".")[0])
    match called:
        case _ if full:
            name = full.rpartition(".")[2]
            return full.startswith("seaborn.") and (name.endswith("plot") or name in SEABORN)
        case ast.Name(name):
            return names.has_all_of_pyplot and name not in own and _is_drawing(name)
        case ast.Attribute(attr=name, value=value):
            return name in PANDAS or (isinstance(value, ast.Attribute) and value.attr == "plot")
    return False


def _is_drawing(name: str) -> bool:
    """Say whether pyplot's *name* is a function that draws, rather than sets something or makes an object."""
    return name not in SETTINGS and name[0].islower() and callable(getattr(plt, name, None))


def _change(node: ast.AST, names: Names) -> str:
    """Return what of the process *node* changes; empty if nothing."""
    if isinstance(node, ast.Call):
        full = names.full(node.func)
        return full if full in FILTERS and _action(node) == "error" else ""
    full = names.full(node.value if isinstance(node, ast.Subscript) else node)
    is_read = isinstance(getattr(node, "ctx", None), ast.Load)
    if isinstance(node, ast.Subscript):
        return full if full == ENVIRONMENT and not is_read else ""
    if full in EDITS:
        return ENVIRONMENT
    if not is_read and isinstance(node, ast.Attribute) and full.partition(".")[0] in LIBRARIES:
        return full
    return full if full in (CHANGES | OPTIONS if is_read else STREAMS) else ""


def _may_be_set_once(name: str) -> bool:
    """Tell whether *name* is what a file may well set as it is imported, for itself and all others."""
    return name == ENVIRONMENT or name in FILTERS or name.partition(".")[0] in LIBRARIES


def _action(node: ast.Call) -> object:
    """Return what the filter that *node* sets does with a warning; None if that is no constant."""
    named = (keyword.value for keyword in node.keywords if keyword.arg == "action")
    match next(iter((*node.args, *named)), None):
        case ast.Constant(value=value):
            return value
    return None
