from recbole_opal.suggest import did_you_mean, nearest


def test_the_nearest_name_is_found_in_any_case_and_with_dashes():
    known = ["learning_rate", "MAX_ITEM_LIST_LENGTH", "topk"]
    assert nearest("learning-rat", known) == "learning_rate"
    assert nearest("max_item_list_len", known) == "MAX_ITEM_LIST_LENGTH"
    assert nearest("xyz", known) is None
    assert nearest("topk", []) is None


def test_a_suggestion_is_a_question_or_nothing():
    assert did_you_mean("tpk", ["topk"], "--") == "; did you mean --topk?"
    assert did_you_mean("xyz", ["topk"], "--") == ""


def test_the_order_of_the_names_does_not_matter():
    assert nearest("aab", ["aaa", "aac"]) == nearest("aab", {"aac", "aaa"})
