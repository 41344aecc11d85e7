"""The dialogue with a mail server over one connection; aiosmtplib speaks it, but for the content of a mail."""

import contextlib
from typing import Final

import aiosmtplib

_DONE: Final = 250
_GO_ON: Final = 354


class Client(aiosmtplib.SMTP):
    """One connection. Lines of its mails end by CR LF already: looking for other ends is what takes longest."""

    has_content = False

    async def hand_over(self, *, sender: str, address: str, content: bytes) -> str:
        """Give the server one mail; returns its answer. `has_content` says whether it has been given the content.

        Raises:
            SMTPException: the server or the connection refused; after its answer, the connection is ready for another.
            ValueError: an address has no form in the dialogue.
        """
        self.has_content = False
        await self._ehlo_or_helo_if_needed()
        encoding = "ascii" if address.isascii() else "utf-8"
        if encoding == "utf-8" and not self.supports_extension("smtputf8"):
            raise aiosmtplib.SMTPNotSupported("SMTPUTF8 is not supported by this server")
        options = [f"SIZE={len(content)}"] if self.supports_extension("size") else []
        try:
            await self.mail(sender, options=options if address.isascii() else [*options, "SMTPUTF8"], encoding=encoding)
            await self.rcpt(address, encoding=encoding)
            return await self._give(content)
        except aiosmtplib.SMTPResponseException:
            with contextlib.suppress(aiosmtplib.SMTPException):
                await self.rset()
            raise

    async def _give(self, content: bytes) -> str:
        ready = await self.execute_command(b"DATA")
        if ready.code != _GO_ON or self.protocol is None:
            raise aiosmtplib.SMTPDataError(ready.code, ready.message)
        self.has_content = True
        self.protocol.write(content.replace(b"\r\n.", b"\r\n..") + b".\r\n")  # RFC 5321, 4.5.2
        answer = await self.protocol.read_response(timeout=self.timeout)
        if answer.code != _DONE:
            raise aiosmtplib.SMTPDataError(answer.code, answer.message)
        return answer.message
