#pragma once

namespace pollhook::base {

/// Whether standard error is the very stream that systemd connected to the journal: JOURNAL_STREAM is
/// inherited by shells and their children too, whose standard error is a terminal (systemd.exec(5)).
bool logs_to_journal();

}  // namespace pollhook::base
