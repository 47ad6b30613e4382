"""``execute OperationSet``: every operation is judged and done in its order, and answered with its operationId.

Where the set asks for transactional integrity it is done as a whole or not at all. That holds for what is written into the
store only: a read or a control cannot be taken back, so such a set with one in it is refused before anything is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.headend.incoming import Answer
from gateway.messages import refusals, replies
from gateway.messages.envelope import Message, OperationSet, Reply, RequestMessage, Result
from gateway.messages.errors import MessageError
from gateway.messages.rules import Asked
from gateway.store.connection import Connection

#: Nouns whose operations can be done together with others in one commit.
_OF_THE_STORE = ("Config", "Groups")


def of(message: RequestMessage | Message) -> OperationSet | None:
    """The set that a message carries."""
    return message.payload.operation_set if message.payload is not None else None


def check_whole(found: OperationSet, asked: Sequence[Asked]) -> None:
    """Raises Refusal (5.2) for a set that is to be done as a whole and cannot."""
    if not found.enforce_transactional_integrity:
        return
    for one in asked:
        if not one.noun.endswith(_OF_THE_STORE):
            what = f"{one.verb} {one.noun} cannot be taken back, so a set with it cannot be done as a whole"
            raise refusals.not_attempted(what)


def together(found: OperationSet, answers: Sequence[Answer]) -> Answer:
    """One answer of those to the operations. Without integrity what fails stands alone; with it nothing is done then.

    Where the sequence is enforced, nothing is done after an operation that failed (inferred from the element's name).
    """
    numbered = {operation.operation_id: answer for operation, answer in zip(found.operation, answers, strict=True)}

    done: list[Answer] = []

    def commit(connection: Connection) -> Reply:
        connection.execute("SAVEPOINT operations")
        each = _each(connection, numbered, done, in_order=bool(found.enforce_msg_sequence))
        failed = next((number for number, reply in each.items() if reply.result is Result.FAILED), None)
        if failed is not None and found.enforce_transactional_integrity:
            connection.execute("ROLLBACK TO operations")
            done.clear()
            aborted = replies.failed([refusals.aborted_as_a_whole(failed)])
            each = {number: reply if reply.result is Result.FAILED else aborted for number, reply in each.items()}
        connection.execute("RELEASE operations")
        return replies.of_operations(each)

    def then() -> None:
        for answer in done:
            if answer.then is not None:
                answer.then()

    return Answer(replies.acknowledged(), commit=commit, then=then)


def _each(
    connection: Connection, answers: Mapping[int, Answer], done: list[Answer], *, in_order: bool
) -> dict[int, Reply]:
    each: dict[int, Reply] = {}
    stopped = False
    for number, answer in answers.items():
        if stopped:
            each[number] = replies.failed([refusals.not_attempted("an operation before it failed")])
            continue
        each[number] = _one(connection, answer)
        if each[number].result is not Result.FAILED:
            done.append(answer)
        elif in_order:
            stopped = True
    return each


def _one(connection: Connection, answer: Answer) -> Reply:
    if answer.commit is None:
        return answer.reply
    connection.execute("SAVEPOINT operation")
    try:
        reply = answer.commit(connection)
    except MessageError as problem:
        connection.execute("ROLLBACK TO operation")
        reply = replies.failed([problem])
    connection.execute("RELEASE operation")
    return reply
