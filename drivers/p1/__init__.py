"""P1: the customer port of meters in the Netherlands, Belgium, Luxembourg, Sweden, Hungary, Austria and others.

Telegrams of DSMR and ESMR 2.2 to 5, e-MUCS, Smarty (encrypted) and their relatives are read alike, by one table and in one
pass: what a country has and another has not is only which objects stand in the telegram.
"""
