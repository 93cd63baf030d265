"""Where each line of what is promised is tried: who may, and the guards against other sites' pages."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]

WHO_MAY = {
    "on loopback open by default": "security/test_auth.py::test_where_all_are_let_in_nothing_is_asked_for",
    "on any other address only with tokens, or auth.open: true": (
        "service/test_tokens.py::test_beyond_this_machine_the_daemon_starts_with_a_token_and_asks_for_it"
    ),
    "tokens are random, shown once, kept as hashes, in files of mode 0600": (
        "service/test_tokens.py::test_a_token_is_random_and_kept_as_a_hash_that_nobody_else_may_read"
    ),
    "plotd token add, list, revoke": "service/test_tokens.py::test_the_command_adds_lists_and_revokes",
    "commands at the same time lose nothing": ("service/test_tokens.py::test_commands_at_the_same_time_lose_no_token"),
    "root's commands touch no file of root's": (
        "service/test_tokens.py::test_a_link_in_the_place_of_the_lock_leads_nobody_to_another_file"
    ),
    "a damaged file lets nobody in": (
        "service/test_tokens.py::test_of_a_damaged_file_nothing_holds_and_nothing_is_overwritten"
    ),
    "scopes": "security/test_auth.py::test_a_token_is_for_its_scopes",
    "names by pattern": "security/test_auth.py::test_a_token_for_some_plots_shows_nothing_of_others",
    "names by pattern, on a socket": (
        "security/test_auth.py::test_a_socket_tells_of_no_picture_that_its_token_is_not_for"
    ),
    "names by pattern, in hints at plots": (
        "security/test_auth.py::test_names_of_other_plots_are_not_guessed_for_who_may_not_see_them"
    ),
    "names by pattern, in hints at files": (
        "security/test_auth.py::test_names_of_other_files_are_not_guessed_for_who_may_not_see_all"
    ),
    "_token= once, exchanged for a cookie: HttpOnly, SameSite=Lax": (
        "security/test_auth.py::test_a_token_in_a_url_becomes_a_cookie"
    ),
    "the cookie is Secure under TLS": "security/test_auth.py::test_under_tls_the_cookie_is_secure",
    "a session ends with its token": "service/test_tokens.py::test_a_session_ends_with_its_token",
    "open sockets, streams and waits end with it": (
        "security/test_auth.py::test_who_is_let_in_no_longer_is_shown_the_door"
    ),
    "they end when a reload closes the daemon": (
        "security/test_auth.py::test_a_daemon_that_is_closed_by_a_reload_shows_all_the_door"
    ),
    "a trusted proxy's user header": (
        "security/test_auth.py::test_a_trusted_proxy_names_its_users_and_nobody_else_does"
    ),
    "signed links to one picture": "security/test_links.py::test_a_link_shows_its_picture_without_a_login",
    "signed links show nothing else": "security/test_links.py::test_a_link_that_was_changed_shows_nothing",
    "signed links expire, are revocable": "security/test_links.py::test_a_link_ends_and_can_be_taken_back",
    "plotd link": "service/test_tokens.py::test_the_command_makes_lists_and_revokes_links",
    "the login page": "security/test_auth.py::test_a_browser_is_asked_to_sign_in_and_goes_on_to_what_it_wanted",
    "the login page, in a browser": "browser/test_login.py::test_one_signs_in_sees_all_and_signs_out",
    "signing in leads to no other site": "security/test_auth.py::test_signing_in_leads_to_no_other_site",
    "no other site signs anybody in": "security/test_auth.py::test_another_site_can_sign_nobody_in_or_out",
    "checks in constant time": "security/test_auth.py::test_secrets_are_compared_in_constant_time",
    "rate-limited failures that lock out no honest user": (
        "security/test_auth.py::test_wrong_tokens_are_counted_and_lock_out_nobody_who_has_a_right_one"
    ),
    "every route goes through the same gate": (
        "security/test_auth.py::test_without_a_token_every_route_and_method_says_nothing_but_401"
    ),
    "no route is forgotten": "security/test_auth.py::test_every_route_has_an_address_that_leads_there",
    "/live too": "security/test_auth.py::test_a_socket_goes_through_the_same_gate",
    "no token in any answer or log": "security/test_auth.py::test_no_token_is_in_any_answer_or_log",
    "nor where it was put wrongly": "service/test_telemetry.py::test_a_token_is_known_wherever_it_turns_up",
}
GUARDS = {
    "Host: 421": "security/test_guards.py::test_under_another_name_nothing_is_served",
    "Host: loopback names": "security/test_guards.py::test_under_a_name_of_this_machine_all_is_served",
    "Host, in a browser": "browser/test_other_sites.py::test_a_name_that_is_bound_anew_to_this_machine_gets_nothing",
    "Origin: 403": "security/test_guards.py::test_another_sites_page_may_change_nothing_and_open_no_socket",
    "Sec-Fetch-Site: 403": "security/test_guards.py::test_what_a_browser_says_of_the_site_is_believed",
    "changes, in a browser": "browser/test_other_sites.py::test_another_sites_page_changes_nothing",
    "/live, in a browser": "browser/test_other_sites.py::test_another_sites_page_opens_no_socket",
    "nosniff, Referrer-Policy, CORP, CSP, SVG": (
        "security/test_guards.py::test_every_answer_tells_the_browser_to_be_careful"
    ),
    "the same, in a browser": "browser/test_other_sites.py::test_another_sites_page_reads_nothing_and_shows_nothing",
    "methods that there are not": "security/test_guards.py::test_a_method_that_nobody_knows_is_told_which_there_are",
    "no markup": "security/test_guards.py::test_what_a_client_says_is_never_markup",
    "no header field": "security/test_guards.py::test_a_client_makes_no_header_field",
    "--host beyond loopback": (
        "service/test_tokens.py::test_beyond_this_machine_the_daemon_starts_with_a_token_and_asks_for_it"
    ),
    "Forwarded, X-Forwarded-For: 403": (
        "handlers/test_proxies.py::test_what_came_through_a_proxy_needs_one_that_is_trusted"
    ),
}


@pytest.mark.parametrize(("line", "test"), [*WHO_MAY.items(), *GUARDS.items()])
def test_each_line_is_tried(line: str, test: str) -> None:
    file, _, name = test.partition("::")
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}, line
