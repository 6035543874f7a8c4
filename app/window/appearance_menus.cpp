#include "app/window/appearance_menus.h"

#include "app/settings/app_settings.h"
#include "app/settings/icons.h"
#include "app/settings/translations.h"
#include "app/window/menu_items.h"

#include <QActionGroup>
#include <QMenu>

namespace alpa::app
{

using namespace Qt::StringLiterals;

AppearanceMenus::AppearanceMenus(AppSettings* settings, QMenu* view)
    : QObject(view)
    , settings_(settings)
{
    addThemes(view);
    addFonts(view);
    addLanguages(view);
}

void AppearanceMenus::addThemes(QMenu* view)
{
    auto* themes = view->addMenu(themedIcon(u"theme"_s), tr("Theme"));
    auto* group = new QActionGroup(this);
    for (const auto& [choice, text] :
         {std::pair(ThemeChoice::kAuto, tr("As the desktop")),
          std::pair(ThemeChoice::kLight, tr("Light")), std::pair(ThemeChoice::kDark, tr("Dark")),
          std::pair(ThemeChoice::kContrast, tr("High contrast"))}) {
        auto* action = themes->addAction(text);
        action->setCheckable(true);
        action->setChecked(settings_->theme() == choice);
        group->addAction(action);
        connect(action, &QAction::triggered, this, [this, choice = choice] { setTheme(choice); });
    }
}

void AppearanceMenus::addFonts(QMenu* view)
{
    auto* fonts = view->addMenu(tr("Font size"));
    const auto add = [&](const QString& text, const QString& name, const QList<QKeySequence>& keys,
                         auto&& percentOf) {
        auto* action = addItem(fonts, {}, text, name, keys);
        connect(action, &QAction::triggered, this,
                [this, percentOf] { setFontPercent(percentOf(settings_->fontPercent())); });
    };
    add(tr("Larger"), u"actionFontLarger"_s, {QKeySequence(u"Ctrl++"_s), QKeySequence(u"Ctrl+="_s)},
        [](int percent) { return percent + 10; });
    add(tr("Smaller"), u"actionFontSmaller"_s, {QKeySequence(u"Ctrl+-"_s)},
        [](int percent) { return percent - 10; });
    add(tr("As the desktop"), u"actionFontReset"_s, {QKeySequence(u"Ctrl+0"_s)},
        [](int) { return 100; });
}

void AppearanceMenus::addLanguages(QMenu* view)
{
    auto* menu = view->addMenu(tr("Language"));
    auto* group = new QActionGroup(this);
    const auto add = [&](const QString& code, const QString& title) {
        auto* action = menu->addAction(title);
        action->setObjectName(u"language_"_s + code);
        action->setCheckable(true);
        action->setChecked(settings_->language() == code);
        group->addAction(action);
        connect(action, &QAction::triggered, this, [this, code, title] {
            settings_->setLanguage(code);
            Q_EMIT said(tr("%1 from the next start on").arg(title));
        });
    };
    add({}, tr("As the desktop"));
    for (const QString& code : builtInLanguages())
        add(code, languageTitle(code));
}

void AppearanceMenus::setTheme(ThemeChoice choice)
{
    settings_->setTheme(choice);
    applyTheme(choice, settings_->fontPercent());
}

void AppearanceMenus::setFontPercent(int percent)
{
    settings_->setFontPercent(percent);
    applyTheme(settings_->theme(), settings_->fontPercent());
    Q_EMIT said(tr("Font size %1 %").arg(settings_->fontPercent()));
}

} // namespace alpa::app
