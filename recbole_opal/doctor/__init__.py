"""The command `doctor`: what is installed here, what is known not to go together, does it work.

`packages` reads versions without importing anything, `known_pairs` knows what goes badly together,
`self_test` trains and serves in a process of its own, of which `checkup` hears, and
`doctor_command` tells. Nothing beside Python is needed until that process starts, so that what is
missing or broken is told.
"""
