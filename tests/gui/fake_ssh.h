// A program called ssh in place of machines that are none of ours.
#pragma once

#include <QFile>
#include <QString>
#include <gtest/gtest.h>

namespace alpa::app
{

/// Puts an ssh in `directory` and that in front of the search path. It says whom it was asked for
/// on its standard error and runs the script here: a process of its own, as another machine's
/// would be, whose end it notes in the file `over`. Killed, it leaves the script behind.
inline void fakeSsh(const QString& directory)
{
    QFile script(directory + QStringLiteral("/ssh"));
    ASSERT_TRUE(script.open(QIODevice::WriteOnly));
    script.write("#!/bin/sh\nwhile [ $# -gt 2 ]; do shift; done\necho \"asked for $1\" >&2\n"
                 "(sh -c \"$2\"; c=$?; echo over > \"$(dirname \"$0\")/over\"; exit $c)\n"
                 "exit $?\n");
    script.close();
    script.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    qputenv("PATH", directory.toUtf8() + ":" + qgetenv("PATH"));
}

} // namespace alpa::app
