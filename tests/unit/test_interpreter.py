"""Answers in the language that is asked for: refusals and sentences, and nothing else of them."""

import json
import unittest

from firmware.api.interpreter import Interpreter
from firmware.httpd.answer import Answer, error_answer, json_answer
from firmware.httpd.request import Request


def translate(language, sentence):
    return "%s:%s" % (language, sentence)


class Api:
    """Answers with what the test gives."""

    def __init__(self, outcome):
        self.outcome = outcome

    def admit(self, request, decided, caller=""):
        self.caller = caller
        decided(self.outcome)

    def handle(self, request, answer):
        answer(self.outcome)


class Sink:
    def begin(self, answer, wake):
        pass


def told(outcome, path="/api/mark", method="POST", admit=False, **query):
    api, answers = Api(outcome), []
    interpreter, request = Interpreter(api, translate), Request(method, path, query)
    if admit:
        interpreter.admit(request, answers.append, "192.0.2.1")
        assert api.caller == "192.0.2.1"
    else:
        interpreter.handle(request, answers.append)
    return answers[0]


class Answers(unittest.TestCase):
    def test_refusals(self):
        for admit in (False, True):
            answer = told(error_answer(409, "no", ("X: 1",)), admit=admit, lang="fr")
            self.assertEqual((answer.status, answer.headers), (409, ("X: 1",)))
            self.assertEqual(json.loads(answer.body), {"error": "fr:no"})

    def test_sentences(self):
        content = json.loads(told(json_answer(200, {"sentence": "done", "key": "a", "error": None}), lang="fr").body)
        self.assertEqual(content, {"sentence": "fr:done", "key": "a", "error": None})

    def test_what_is_left_alone(self):
        body = json_answer(200, {"sentence": "it"}).body
        self.assertEqual(told(json_answer(200, {"sentence": "it"}), "/api/status", "GET", lang="fr").body, body)
        self.assertEqual(told(json_answer(200, {"sentence": "it"})).body, body)
        self.assertEqual(told(Answer(404, b"{", "text/html"), lang="fr").body, b"{")
        self.assertEqual(told(Answer(302, b""), lang="fr").body, b"")
        sink = Sink()
        self.assertTrue(told(sink, admit=True, lang="fr") is sink)
        self.assertIsNone(told(None, admit=True, lang="fr"))
