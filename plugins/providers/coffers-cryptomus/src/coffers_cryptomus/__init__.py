"""Cryptomus and Heleket: two payment gateways with one protocol, POST ``/v1/balance``, signed.

Their manifests are in `cryptomus` and `heleket`; the verbs, in the files of their names, serve both.
"""
