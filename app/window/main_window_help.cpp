// What helps a person: the tour, the glossary, the sheet of keys, what the program is.
#include "app/dialogs/glossary_dialog.h"
#include "app/dialogs/keys_dialog.h"
#include "app/dialogs/log_dialog.h"
#include "app/dialogs/tour.h"
#include "app/settings/icons.h"
#include "app/settings/sample_models.h"
#include "app/views/graph_view.h"
#include "app/views/runs_view.h"
#include "app/window/main_window.h"
#include "app/window/window_docks.h"

#include <QMenu>
#include <QMenuBar>
#include <QMessageBox>
#include <QTabWidget>

namespace alpa::app
{

using namespace Qt::StringLiterals;

void MainWindow::makeHelpMenu()
{
    auto* help = menuBar()->addMenu(tr("&Help"));
    const auto add = [&](const QString& text, const QString& name, auto&& take) {
        auto* action = help->addAction(text);
        action->setObjectName(name);
        connect(action, &QAction::triggered, this, take);
        return action;
    };
    add(tr("60-second &tour"), u"actionTour"_s, [this] { startTour(); });
    add(tr("&Glossary"), u"actionGlossary"_s, [this] {
        auto* dialog = new GlossaryDialog(this);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->show();
    });
    add(tr("&Keys (?)"), u"actionKeys"_s, [this] { showKeys(); });
    help->addSeparator();
    add(tr("&Log"), u"actionLog"_s, [this] { showLog(); });
    add(tr("&About"), u"actionAbout"_s, [this] { showAbout(); });
}

void MainWindow::showLog()
{
    auto* dialog = new LogDialog(log_, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->show();
}

void MainWindow::showKeys()
{
    auto* dialog = new KeysDialog(&settings_, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
}

void MainWindow::showAbout()
{
    auto* box =
        new QMessageBox(QMessageBox::NoIcon, tr("About Alpa Explorer"),
                        u"<h3>Alpa Explorer %1</h3>"_s.arg(QCoreApplication::applicationVersion()),
                        QMessageBox::Close, this);
    box->setObjectName(u"aboutBox"_s);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setIconPixmap(themedIcon(u"app"_s).pixmap(64, 64));
    box->setInformativeText(tr("Plans how to train a model in parallel on a cluster, shows every "
                               "decision, lets you change "
                               "the constraints, and runs and compares plans.\n\nAfter Alpa (Zheng "
                               "et al., OSDI 2022): stages by "
                               "dynamic programming, shardings by integer "
                               "programming.\n\nApache-2.0. Made with Qt %1; layouts by "
                               "Graphviz, in a process of its own. No network is used but for runs "
                               "over ssh that you start.")
                                .arg(QString::fromLatin1(qVersion())));
    box->open();
}

void MainWindow::startTour()
{
    if (findChild<Tour*>() != nullptr)
        return;
    if (session_.model() == nullptr) {
        for (const SampleModel& sample : bundledSamples()) {
            if (sample.name == "gpt-125m"_L1)
                openFile(sample.path, sample.cluster);
        }
    }
    const auto page = [this](int number) {
        return [this, number] { pages_->setCurrentIndex(number); };
    };
    std::vector<TourStop> stops{
        {tr("What this is"),
         tr("You have opened a model. The planner decides how to train it on a cluster: which "
            "layers run where, and "
            "how every tensor is split. The overview says what comes of it."),
         u"pages"_s, page(0)},
        {tr("The graph"),
         tr("Boxes are layers; a double-click unfolds one. Each tensor has a strip: one cell a "
            "dimension, its letter the "
            "mesh axis that splits it, R replicated, P partial sums. Hover anything for words."),
         u"graphCanvas"_s, page(1)},
        {tr("Stages and time"),
         tr("The pipeline: which layers run on which devices, and when. Drag a boundary to begin a "
            "stage elsewhere."),
         u"pipelineView"_s, page(2)},
        {tr("Memory"),
         tr("What each device holds, at every moment of a step, against what it has."),
         u"memoryView"_s, page(3)},
        {tr("Change something"),
         tr("Limit a degree or the memory here, such as Max TP 2. The new plan comes at once; "
            "Ctrl+Z takes back the "
            "constraint and the plan. If nothing fits, what clashes is listed with buttons that "
            "relax it."),
         u"constraintsPanel"_s, [this] { docks_->raiseConstraints(); }},
        {tr("Why?"),
         tr("Select an operation: the inspector shows what was chosen and what every alternative "
            "would cost."),
         u"inspectorDock"_s, [this] { docks_->raiseInspector(); }},
        {tr("Compare"),
         tr("All plans beside each other, the usual ones made by hand among them (Baselines). The "
            "star marks what "
            "others are compared with."),
         u"compareView"_s, page(4)},
        {tr("Run"),
         tr("Plans run on this machine's CPU, on GPUs, or on another machine over ssh: measured "
            "beside predicted. ? lists all keys, "
            "Ctrl+K finds any command."),
         u"runsView"_s, page(5)}};
    auto* tour = new Tour(std::move(stops), this);
    connect(tour, &Tour::ended, this, [this] { settings_.setSeenTour(); });
}

} // namespace alpa::app
