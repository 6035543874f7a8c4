// alpa-explorer in a terminal without a display: what it says, and what it exits with.
#include "app/settings/programs.h"

#include <QProcess>
#include <gtest/gtest.h>

namespace alpa::app
{
namespace
{

struct Answer {
    int exitCode = -1; ///< -1: it crashed, or never ended.
    QString out, err;
};

/// Where a platform plugin is loaded, Qt aborts the program: there is none that it could use.
Answer answerTo(const QStringList& arguments)
{
    QProcess child;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"})
        environment.remove(QString::fromLatin1(name));
    child.setProcessEnvironment(environment);
    child.start(findProgram(QStringLiteral("alpa-explorer")), arguments);
    Answer answer;
    if (child.waitForFinished() && child.exitStatus() == QProcess::NormalExit)
        answer.exitCode = child.exitCode();
    answer.out = QString::fromLocal8Bit(child.readAllStandardOutput());
    answer.err = QString::fromLocal8Bit(child.readAllStandardError());
    return answer;
}

TEST(CommandLine, HelpAndVersionNeedNoDisplay)
{
    for (const char* flag : {"--help", "-h", "--help-all"}) {
        const Answer help = answerTo({QString::fromLatin1(flag)});
        EXPECT_EQ(help.exitCode, 0) << flag << ": " << help.err.toStdString();
        for (const char* part : {"Usage: ", "alpa-explorer [options] [MODEL]", "--cluster <NAME>",
                                 "--max-tp <N>", "--plan <PLAN.json>", "--version"})
            EXPECT_TRUE(help.out.contains(QString::fromLatin1(part)))
                << flag << ": " << part << " in\n"
                << help.out.toStdString();
        EXPECT_FALSE(help.out.contains(QStringLiteral("platformpluginpath")));
        EXPECT_TRUE(help.err.isEmpty()) << help.err.toStdString();
    }
    const Answer version = answerTo({QStringLiteral("--version")});
    EXPECT_EQ(version.exitCode, 0) << version.err.toStdString();
    EXPECT_EQ(version.out, QStringLiteral("alpa-explorer " ALPA_VERSION "\n"));
}

TEST(CommandLine, WrongArgumentsAreAMessageWithoutADisplay)
{
    const struct {
        QStringList arguments;
        const char* message;
    } cases[] = {
        {{QStringLiteral("--colour")}, "Unknown option 'colour'."},
        {{QStringLiteral("--cluster"), QStringLiteral("nowhere")}, "nowhere"},
        {{QStringLiteral("--max-tp"), QStringLiteral("0")},
         "--max-tp: expected a count from 1, got '0'"},
        {{QStringLiteral("--theme=pink")},
         "--theme: expected light, dark, contrast or auto, got 'pink'"},
        {{QStringLiteral("--font-size=20")},
         "--font-size: expected percent from 80 to 200, got '20'"},
        {{QStringLiteral("--language=xx")}, "--language: expected en"},
        {{QStringLiteral("--size=1280")},
         "--size: expected width and height, as 1280x800, got '1280'"},
        {{QStringLiteral("a.mlir"), QStringLiteral("b.mlir")},
         "expected one model, session or plan to open"},
        {{QStringLiteral("--plan")}, "Missing value after '--plan'."},
    };
    for (const auto& [arguments, message] : cases) {
        const Answer answer = answerTo(arguments);
        EXPECT_EQ(answer.exitCode, 2) << message << ": " << answer.err.toStdString();
        EXPECT_TRUE(answer.err.startsWith(QStringLiteral("alpa-explorer: ")) &&
                    answer.err.contains(QString::fromLatin1(message)))
            << message << " in\n"
            << answer.err.toStdString();
        EXPECT_TRUE(answer.out.isEmpty()) << answer.out.toStdString();
    }
}

TEST(CommandLine, OptionsOfQtAreNotCalledWrong)
{
    const Answer answer = answerTo({QStringLiteral("-platform"), QStringLiteral("offscreen"),
                                    QStringLiteral("--style"), QStringLiteral("fusion"),
                                    QStringLiteral("-max-tp"), QStringLiteral("x")});
    EXPECT_EQ(answer.exitCode, 2);
    EXPECT_TRUE(answer.err.contains(QStringLiteral("--max-tp"))) << answer.err.toStdString();
}

} // namespace
} // namespace alpa::app
