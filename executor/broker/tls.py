"""How the broker proves who it is to us, and we to it."""

import ssl
from dataclasses import dataclass
from pathlib import Path


class TlsUnusable(Exception):
    """A file of ours does not serve; the text is one line that names the setting and the file."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM form, read anew for each connection: certificates are renewed.

    authorities: who may sign the broker's certificate; None: those that this machine trusts.
    certificate: ours, with what leads to its authority; None: we show none. key: of it; None: in
    the same file.
    """

    authorities: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        """What checks the broker's certificate, its name too. Raises TlsUnusable."""
        try:
            context = ssl.create_default_context(cafile=self.authorities)
        except OSError as error:  # ssl's own errors are some too
            raise TlsUnusable(f"AMQP_TLS_CA: {self.authorities}: {_why(error)}") from None
        if self.certificate is not None:
            try:
                context.load_cert_chain(self.certificate, self.key, _refuse_to_ask)
            except OSError as error:
                file = self.certificate if self.key is None else f"{self.certificate}, {self.key}"
                raise TlsUnusable(f"AMQP_TLS_CERT, AMQP_TLS_KEY: {file}: {_why(error)}") from None
        return context


def _refuse_to_ask() -> str:
    """Called for a pass phrase, which OpenSSL would else ask for at the terminal."""
    raise OSError(0, "the key is under a pass phrase; take that away")


def _why(error: OSError) -> str:
    if not isinstance(error, ssl.SSLError):
        return error.strerror or str(error)
    match error.reason:
        case "KEY_VALUES_MISMATCH":
            return "the key is not that of the certificate"
        case _:
            return "not in PEM form, or not what it should be"
