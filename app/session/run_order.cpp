#include "app/session/run_order.h"

#include <QCoreApplication>
#include <nlohmann/json.hpp>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(RunOrder)
};

/// For a POSIX shell.
QString quoted(QString text) { return u'\'' + text.replace(u'\'', u"'\\''"_s) + u'\''; }

/// No questions on a terminal that nobody sees; a host that is down is an error after seconds.
RunCommand overSsh(const QString& host, const QString& script)
{
    return {u"ssh"_s,
            {u"-T"_s, u"-o"_s, u"BatchMode=yes"_s, u"-o"_s, u"ConnectTimeout=10"_s, u"--"_s, host,
             script},
            {}};
}

QString remoteProgram(const RunPlace& place)
{
    return place.program.isEmpty() ? u"alpa"_s : place.program;
}

} // namespace

RunCommand runCommand(const RunPlace& place, const QString& localProgram, const QString& planFile,
                      const QString& devices, int steps, double learningRate,
                      const QString& traceFile)
{
    QStringList options{u"--devices"_s, devices, u"--steps"_s, QString::number(steps), u"--json"_s};
    if (learningRate > 0)
        options << u"--learning-rate"_s << QString::number(learningRate, 'g', 6);
    if (!traceFile.isEmpty())
        options << u"--trace"_s << (place.host.isEmpty() ? traceFile : u"-"_s);
    if (place.host.isEmpty())
        return {localProgram, QStringList{u"run"_s, planFile} + options, {}};
    // The plan comes over standard input, so nothing has to be shared between the machines. Its
    // file loses its name before it has content and is read as a descriptor, which Linux opens
    // anew, so that nothing stays however the run is killed. Without a terminal the run ends by
    // itself when its lines can no longer be written.
    const QString script = u"f=$(mktemp) && exec 3<> \"$f\" && rm -f \"$f\" && cat >&3 && "
                           "exec %1 run /dev/fd/3 %2 3<&3 < /dev/null"_s.arg(
                               quoted(remoteProgram(place)), options.join(u' '));
    RunCommand command = overSsh(place.host, script);
    command.standardInput = planFile;
    return command;
}

RunCommand devicesCommand(const RunPlace& place, const QString& localProgram)
{
    if (place.host.isEmpty())
        return {localProgram, {u"devices"_s, u"--json"_s}, {}};
    return overSsh(place.host, quoted(remoteProgram(place)) + u" devices --json < /dev/null"_s);
}

FoundDevices readDevices(const QByteArray& output, const QString& problem)
{
    FoundDevices found;
    found.problem = problem;
    const auto json = nlohmann::json::parse(output.begin(), output.end(), nullptr, false);
    if (!json.is_object()) {
        if (problem.isEmpty())
            found.problem = Texts::tr("the machine did not say what devices it has");
        return found;
    }
    found.cores = json.value("cores", 0);
    found.gpus =
        json.contains("gpus") && json["gpus"].is_number_integer() ? json["gpus"].get<int>() : 0;
    if (json.contains("note") && json["note"].is_string())
        found.gpuNote = QString::fromStdString(json["note"].get<std::string>());
    return found;
}

} // namespace alpa::app
