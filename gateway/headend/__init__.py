"""The one door for what others ask: a message comes in, is checked, remembered and done, and its answer goes back.

    transport ──bytes──► door ──Incoming──► a handler of the noun ──Answer──► door ──bytes──► transport, or outbox

A handler reads meters by jobs, as the schedule does; what it changes in the store is committed together with its answer.
"""
