"""Checks for whoever makes an encoder or a model for sakka, and works to try it on.

    pytest_plugins = ["sakka.testing.plugin"]          # in conftest.py

    def test_the_encoder_keeps_the_contract(photo_encoder_check):
        photo_encoder_check(MyEncoder)

The same checks run on every encoder and every model of sakka's own.
"""
