<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE" sourcelanguage="en">
<context>
    <name>ConstraintMenu</name>
    <message>
        <source>Forbid %1 for %2</source>
        <translation>%1 für %2 verbieten</translation>
    </message>
    <message>
        <source>Pin %1 to %2</source>
        <translation>%1 auf %2 festlegen</translation>
    </message>
    <message>
        <source>Pin %1 to</source>
        <translation>%1 festlegen auf</translation>
    </message>
    <message>
        <source>Forbid</source>
        <translation>Verbieten</translation>
    </message>
    <message>
        <source>Begin a stage at layer %1, %2</source>
        <translation>Eine Stufe bei Schicht %1 beginnen, %2</translation>
    </message>
    <message>
        <source>Begin no stage at layer %1, %2</source>
        <translation>Keine Stufe bei Schicht %1 beginnen, %2</translation>
    </message>
    <message>
        <source>Leave layer %1 free</source>
        <translation>Schicht %1 frei lassen</translation>
    </message>
    <message>
        <source>Keep the beginning of stage %1 at layer %2</source>
        <translation>Den Anfang von Stufe %1 bei Schicht %2 behalten</translation>
    </message>
    <message>
        <source>Keep all stages as they are</source>
        <translation>Alle Stufen behalten, wie sie sind</translation>
    </message>
    <message>
        <source>At most %1 stages</source>
        <translation>Höchstens %1 Stufen</translation>
    </message>
    <message>
        <source>Give every stage the mesh %1</source>
        <translation>Jeder Stufe das Netz %1 geben</translation>
    </message>
    <message>
        <source>At most %1 GiB a device</source>
        <translation>Höchstens %1 GiB je Gerät</translation>
    </message>
    <message>
        <source>DP</source>
        <translation>DP</translation>
    </message>
    <message>
        <source>TP</source>
        <translation>TP</translation>
    </message>
    <message>
        <source>%1 stays %2</source>
        <translation>%1 bleibt %2</translation>
    </message>
    <message>
        <source>%1 at most %2</source>
        <translation>%1 höchstens %2</translation>
    </message>
    <message>
        <source>%1 free</source>
        <translation>%1 frei</translation>
    </message>
    <message>
        <source>%1 follows its operands: pin them</source>
        <translation>%1 folgt seinen Operanden: diese festlegen</translation>
    </message>
    <message>
        <source>This tensor follows the operation that makes it</source>
        <translation>Dieser Tensor folgt der Operation, die ihn macht</translation>
    </message>
</context>
<context>
    <name>Constraints</name>
    <message>
        <source>whole plan</source>
        <translation>ganzer Plan</translation>
    </message>
    <message>
        <source>split over data axis</source>
        <translation>über Datenachse geteilt</translation>
    </message>
    <message>
        <source>replicated over data axis</source>
        <translation>über Datenachse repliziert</translation>
    </message>
    <message>
        <source>full</source>
        <translation>voll</translation>
    </message>
    <message>
        <source>selective</source>
        <translation>ausgewählte</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>Max TP</source>
        <translation>Max TP</translation>
    </message>
    <message>
        <source>Max DP</source>
        <translation>Max DP</translation>
    </message>
    <message>
        <source>Max PP</source>
        <translation>Max PP</translation>
    </message>
    <message>
        <source>TP =</source>
        <translation>TP =</translation>
    </message>
    <message>
        <source>DP =</source>
        <translation>DP =</translation>
    </message>
    <message>
        <source>PP =</source>
        <translation>PP =</translation>
    </message>
    <message>
        <source>Mesh shape</source>
        <translation>Form des Netzes</translation>
    </message>
    <message>
        <source>Memory/device</source>
        <translation>Speicher/Gerät</translation>
    </message>
    <message>
        <source>Microbatches</source>
        <translation>Mikrobatches</translation>
    </message>
    <message>
        <source>Schedule</source>
        <translation>Ablauf</translation>
    </message>
    <message>
        <source>Not schedule</source>
        <translation>Nicht Ablauf</translation>
    </message>
    <message>
        <source>Chunks</source>
        <translation>Abschnitte</translation>
    </message>
    <message>
        <source>Recomputation</source>
        <translation>Neuberechnung</translation>
    </message>
    <message>
        <source>Parameters kept</source>
        <translation>Parameter gehalten</translation>
    </message>
    <message>
        <source>Optimizer kept</source>
        <translation>Optimierer gehalten</translation>
    </message>
    <message>
        <source>Forbid sharding</source>
        <translation>Aufteilung verbieten</translation>
    </message>
    <message>
        <source>Pin sharding</source>
        <translation>Aufteilung festlegen</translation>
    </message>
    <message>
        <source>Stage begins</source>
        <translation>Stufe beginnt</translation>
    </message>
    <message>
        <source>No stage begins</source>
        <translation>Keine Stufe beginnt</translation>
    </message>
    <message>
        <source>layer %1</source>
        <translation>Schicht %1</translation>
    </message>
    <message>
        <source>not planned</source>
        <translation>nicht geplant</translation>
    </message>
    <message>
        <source>met</source>
        <translation>erfüllt</translation>
    </message>
    <message>
        <source>at its limit</source>
        <translation>an der Grenze</translation>
    </message>
    <message>
        <source>violated</source>
        <translation>verletzt</translation>
    </message>
    <message>
        <source>clashes</source>
        <translation>widerspricht</translation>
    </message>
    <message>
        <source>Stage&apos;s devices</source>
        <translation>Geräte der Stufe</translation>
    </message>
    <message>
        <source>stage of layer %1</source>
        <translation>Stufe von Schicht %1</translation>
    </message>
    <message>
        <source>CP =</source>
        <translation>CP =</translation>
    </message>
    <message>
        <source>Recomputed layers</source>
        <translation>Neu gerechnet</translation>
    </message>
    <message>
        <source>Not recomputation</source>
        <translation>Keine Neuberechnung</translation>
    </message>
    <message>
        <source>Idle devices</source>
        <translation>Untätige Geräte</translation>
    </message>
    <message>
        <source>What matches %1 must not be sharded %2.</source>
        <translation>Was auf %1 passt, darf nicht %2 aufgeteilt sein.</translation>
    </message>
    <message>
        <source>What matches %1 must be sharded %2.</source>
        <translation>Was auf %1 passt, muss %2 aufgeteilt sein.</translation>
    </message>
    <message>
        <source>The stage of %1 lies on %2.</source>
        <translation>Die Stufe von %1 liegt auf %2.</translation>
    </message>
    <message>
        <source>A stage begins at %1.</source>
        <translation>Bei %1 beginnt eine Stufe.</translation>
    </message>
    <message>
        <source>No stage begins at %1.</source>
        <translation>Bei %1 beginnt keine Stufe.</translation>
    </message>
    <message>
        <source>Tensors are split over at most %1 devices.</source>
        <translation>Tensoren werden auf höchstens %1 Geräte geteilt.</translation>
    </message>
    <message>
        <source>The batch is split over at most %1 devices.</source>
        <translation>Der Batch wird auf höchstens %1 Geräte geteilt.</translation>
    </message>
    <message>
        <source>The layers are cut into at most %1 stages.</source>
        <translation>Die Schichten werden in höchstens %1 Stufen geschnitten.</translation>
    </message>
    <message>
        <source>Tensors are split over exactly %1 devices.</source>
        <translation>Tensoren werden auf genau %1 Geräte geteilt.</translation>
    </message>
    <message>
        <source>The batch is split over exactly %1 devices.</source>
        <translation>Der Batch wird auf genau %1 Geräte geteilt.</translation>
    </message>
    <message>
        <source>The layers are cut into exactly %1 stages.</source>
        <translation>Die Schichten werden in genau %1 Stufen geschnitten.</translation>
    </message>
    <message>
        <source>The sequence is split over exactly %1 devices.</source>
        <translation>Die Sequenz wird auf genau %1 Geräte geteilt.</translation>
    </message>
    <message>
        <source>The devices of every stage form a mesh of %1.</source>
        <translation>Die Geräte jeder Stufe bilden ein Netz von %1.</translation>
    </message>
    <message>
        <source>No device holds more than %1.</source>
        <translation>Kein Gerät hält mehr als %1.</translation>
    </message>
    <message>
        <source>The batch goes through in exactly %1 microbatches.</source>
        <translation>Der Batch läuft in genau %1 Mikrobatches durch.</translation>
    </message>
    <message>
        <source>The microbatches run by the schedule %1.</source>
        <translation>Die Mikrobatches laufen nach dem Ablauf %1.</translation>
    </message>
    <message>
        <source>The microbatches do not run by the schedule %1.</source>
        <translation>Die Mikrobatches laufen nicht nach dem Ablauf %1.</translation>
    </message>
    <message>
        <source>Each group of devices holds %1 stages.</source>
        <translation>Jede Gruppe von Geräten hält %1 Stufen.</translation>
    </message>
    <message>
        <source>What the forward pass computed is computed again in the backward pass: %1.</source>
        <translation>Was vorwärts berechnet wurde, wird rückwärts noch einmal berechnet: %1.</translation>
    </message>
    <message>
        <source>Of each stage the first %1 layers are computed again in the backward pass.</source>
        <translation>Von jeder Stufe werden die ersten %1 Schichten rückwärts noch einmal berechnet.</translation>
    </message>
    <message>
        <source>The backward pass does not compute again: %1.</source>
        <translation>Rückwärts wird nicht noch einmal berechnet: %1.</translation>
    </message>
    <message>
        <source>Parameters are kept %1.</source>
        <translation>Parameter liegen so: %1.</translation>
    </message>
    <message>
        <source>The optimizer&apos;s state is kept %1.</source>
        <translation>Der Zustand des Optimierers liegt so: %1.</translation>
    </message>
    <message>
        <source>No device of the cluster stays idle.</source>
        <translation>Kein Gerät des Clusters bleibt ungenutzt.</translation>
    </message>
    <message>
        <source>There is no plan that was made under it yet.</source>
        <translation>Noch kein Plan wurde mit ihr gemacht.</translation>
    </message>
    <message>
        <source>The plan meets it.</source>
        <translation>Der Plan hält sie ein.</translation>
    </message>
    <message>
        <source>The plan is at its limit: without it another may be faster.</source>
        <translation>Der Plan ist an ihrer Grenze: ohne sie kann ein anderer schneller sein.</translation>
    </message>
    <message>
        <source>The plan in view was made before it and violates it.</source>
        <translation>Der gezeigte Plan entstand vor ihr und verletzt sie.</translation>
    </message>
    <message>
        <source>It clashes with others: together they leave no plan.</source>
        <translation>Sie verträgt sich nicht mit anderen: zusammen lassen sie keinen Plan zu.</translation>
    </message>
</context>
<context>
    <name>Core</name>
    <message>
        <source>no plan fits in %1 per device; the least is estimated at %2</source>
        <translation>kein Plan passt in %1 je Gerät; geschätzt sind mindestens %2 nötig</translation>
    </message>
    <message>
        <source>no plan uses all %1 devices; with idle devices allowed there is one</source>
        <translation>kein Plan nutzt alle %1 Geräte; mit ungenutzten Geräten gibt es einen</translation>
    </message>
    <message>
        <source>no plan has the demanded number of stages</source>
        <translation>kein Plan hat die verlangte Zahl von Stufen</translation>
    </message>
    <message>
        <source>no plan has the demanded cuts</source>
        <translation>kein Plan hat die verlangten Schnitte</translation>
    </message>
    <message>
        <source>each constraint alone can be met, but not all of them together</source>
        <translation>jede Bedingung allein ist erfüllbar, alle zusammen sind es nicht</translation>
    </message>
    <message>
        <source>the stage candidates cover the layers in no way: some layers have none that fit the devices</source>
        <translation>die möglichen Stufen decken die Schichten auf keine Weise ab: für manche passt keine auf die Geräte</translation>
    </message>
    <message>
        <source>no mesh shape obeys the constraints</source>
        <translation>keine Netzform hält die Bedingungen ein</translation>
    </message>
    <message>
        <source>no microbatch count divides the global batch of %1</source>
        <translation>keine Zahl von Mikrobatches teilt den globalen Batch von %1</translation>
    </message>
    <message>
        <source>the stages need more than %1 per device</source>
        <translation>die Stufen brauchen mehr als %1 je Gerät</translation>
    </message>
    <message>
        <source>with %1 the model needs at least %2 on each of %3 devices, more than %4</source>
        <translation>mit %1 braucht das Modell mindestens %2 auf jedem von %3 Geräten, mehr als %4</translation>
    </message>
    <message>
        <source>with %1 the model needs at least %2 on the device, more than %3</source>
        <translation>mit %1 braucht das Modell mindestens %2 auf dem Gerät, mehr als %3</translation>
    </message>
    <message>
        <source>1 microbatch</source>
        <translation>1 Mikrobatch</translation>
    </message>
    <message>
        <source>%1 microbatches</source>
        <translation>%1 Mikrobatches</translation>
    </message>
    <message>
        <source>a stage is to begin at layer %1, and there are layers 0 to %2</source>
        <translation>eine Stufe soll bei Schicht %1 beginnen, es gibt aber die Schichten 0 bis %2</translation>
    </message>
    <message>
        <source>interleaving needs at least %1 layers, the model has %2</source>
        <translation>Verschränken braucht mindestens %1 Schichten, das Modell hat %2</translation>
    </message>
    <message>
        <source>no interleaved stages fit in memory and the constraints</source>
        <translation>keine verschränkten Stufen passen in Speicher und Bedingungen</translation>
    </message>
    <message>
        <source>interleaving needs at least 2 groups of devices whose number divides that of microbatches, %1</source>
        <translation>Verschränken braucht mindestens 2 Gruppen von Geräten, deren Anzahl die der Mikrobatches, %1, teilt</translation>
    </message>
    <message>
        <source>max TP %1</source>
        <translation>höchstens TP %1</translation>
    </message>
    <message>
        <source>max DP %1</source>
        <translation>höchstens DP %1</translation>
    </message>
    <message>
        <source>max PP %1</source>
        <translation>höchstens PP %1</translation>
    </message>
    <message>
        <source>memory %1 of %2</source>
        <translation>Speicher %1 von %2</translation>
    </message>
    <message>
        <source>memory %1</source>
        <translation>Speicher %1</translation>
    </message>
    <message>
        <source>microbatches %1</source>
        <translation>Mikrobatches %1</translation>
    </message>
    <message>
        <source>schedule %1</source>
        <translation>Ablauf %1</translation>
    </message>
    <message>
        <source>not schedule %1</source>
        <translation>nicht Ablauf %1</translation>
    </message>
    <message>
        <source>chunks %1</source>
        <translation>Abschnitte %1</translation>
    </message>
    <message>
        <source>recomputation</source>
        <translation>Neuberechnung</translation>
    </message>
    <message>
        <source>no recomputation</source>
        <translation>keine Neuberechnung</translation>
    </message>
    <message>
        <source>selective recomputation</source>
        <translation>teilweise Neuberechnung</translation>
    </message>
    <message>
        <source>no selective recomputation</source>
        <translation>keine teilweise Neuberechnung</translation>
    </message>
    <message>
        <source>recomputation of the first %1 layers of a stage</source>
        <translation>Neuberechnung der ersten %1 Schichten einer Stufe</translation>
    </message>
    <message>
        <source>not recomputation %1</source>
        <translation>nicht Neuberechnung %1</translation>
    </message>
    <message>
        <source>parameters split over x</source>
        <translation>Parameter über x geteilt</translation>
    </message>
    <message>
        <source>parameters replicated over x</source>
        <translation>Parameter über x vervielfacht</translation>
    </message>
    <message>
        <source>optimizer state split over x</source>
        <translation>Zustand des Optimierers über x geteilt</translation>
    </message>
    <message>
        <source>optimizer state replicated over x</source>
        <translation>Zustand des Optimierers über x vervielfacht</translation>
    </message>
    <message>
        <source>forbid %1</source>
        <translation>verbiete %1</translation>
    </message>
    <message>
        <source>pin %1</source>
        <translation>halte fest %1</translation>
    </message>
    <message>
        <source>all devices</source>
        <translation>alle Geräte</translation>
    </message>
    <message>
        <source>stage begins at layer %1</source>
        <translation>Stufe beginnt bei Schicht %1</translation>
    </message>
    <message>
        <source>no stage begins at layer %1</source>
        <translation>keine Stufe beginnt bei Schicht %1</translation>
    </message>
    <message>
        <source>stage of layer %1 on %2</source>
        <translation>Stufe von Schicht %1 auf %2</translation>
    </message>
    <message>
        <source>without %1</source>
        <translation>ohne %1</translation>
    </message>
    <message>
        <source>with 1 GiB more memory a device</source>
        <translation>mit 1 GiB mehr Speicher je Gerät</translation>
    </message>
    <message>
        <source>there is no other strategy</source>
        <translation>es gibt keine andere Strategie</translation>
    </message>
    <message>
        <source>no other strategy fits in memory</source>
        <translation>keine andere Strategie passt in den Speicher</translation>
    </message>
    <message>
        <source>no other strategy is possible</source>
        <translation>keine andere Strategie ist möglich</translation>
    </message>
    <message>
        <source>%1 would be as good</source>
        <translation>%1 wäre ebenso gut</translation>
    </message>
    <message>
        <source>about: %1 would add %2 to the step</source>
        <translation>ungefähr: %1 verlängerte den Schritt um %2</translation>
    </message>
    <message>
        <source>%1 would add %2 to the step</source>
        <translation>%1 verlängerte den Schritt um %2</translation>
    </message>
    <message>
        <source>by itself it costs more for %1</source>
        <translation>für sich kostet sie mehr: %1</translation>
    </message>
    <message>
        <source>by itself it costs no more, but what it forces elsewhere does</source>
        <translation>für sich kostet sie nicht mehr, wohl aber, was sie anderswo erzwingt</translation>
    </message>
    <message>
        <source>%1 computing</source>
        <translation>%1 fürs Rechnen</translation>
    </message>
    <message>
        <source>%1 reducing its partial results</source>
        <translation>%1 fürs Zusammenzählen ihrer Teilergebnisse</translation>
    </message>
    <message>
        <source>%1 resharding what it reads</source>
        <translation>%1 fürs Umverteilen dessen, was sie liest</translation>
    </message>
    <message>
        <source>%1 resharding its result</source>
        <translation>%1 fürs Umverteilen ihres Ergebnisses</translation>
    </message>
    <message>
        <source>%1 gradient sync and update</source>
        <translation>%1 für Gradientenabgleich und Aktualisierung</translation>
    </message>
    <message>
        <source>the plans are the same</source>
        <translation>die Pläne sind gleich</translation>
    </message>
    <message>
        <source>the same plan</source>
        <translation>derselbe Plan</translation>
    </message>
    <message>
        <source>the plans differ, their steps do not</source>
        <translation>die Pläne unterscheiden sich, ihre Schritte nicht</translation>
    </message>
    <message>
        <source>the second step is %1 longer (%2)</source>
        <translation>der zweite Schritt ist %1 länger (%2)</translation>
    </message>
    <message>
        <source>the second step is %1 shorter (%2)</source>
        <translation>der zweite Schritt ist %1 kürzer (%2)</translation>
    </message>
    <message>
        <source>none of the changes does it alone</source>
        <translation>keine der Änderungen tut es allein</translation>
    </message>
    <message>
        <source>%1 alone does %2 of it</source>
        <translation>%1 allein macht %2 davon aus</translation>
    </message>
    <message>
        <source>forward</source>
        <translation>vorwärts</translation>
    </message>
    <message>
        <source>forward communication</source>
        <translation>Kommunikation vorwärts</translation>
    </message>
    <message>
        <source>backward</source>
        <translation>rückwärts</translation>
    </message>
    <message>
        <source>backward communication</source>
        <translation>Kommunikation rückwärts</translation>
    </message>
    <message>
        <source>gradient sync</source>
        <translation>Gradientenabgleich</translation>
    </message>
    <message>
        <source>update</source>
        <translation>Aktualisierung</translation>
    </message>
    <message>
        <source>microbatch size</source>
        <translation>Größe der Mikrobatches</translation>
    </message>
    <message>
        <source>bubble</source>
        <translation>Leerlauf</translation>
    </message>
    <message>
        <source>fullest device</source>
        <translation>vollstes Gerät</translation>
    </message>
    <message>
        <source>stage %1</source>
        <translation>Stufe %1</translation>
    </message>
    <message>
        <source>finding the constraints that clash</source>
        <translation>sucht die Bedingungen, die sich widersprechen</translation>
    </message>
    <message>
        <source>finding the memory that would do</source>
        <translation>sucht den Speicher, der reicht</translation>
    </message>
    <message>
        <source>comparing with %1</source>
        <translation>vergleicht mit %1</translation>
    </message>
    <message>
        <source>proving the shardings of the stages</source>
        <translation>beweist die Aufteilungen der Stufen</translation>
    </message>
    <message>
        <source>weighing %1</source>
        <translation>wägt %1 ab</translation>
    </message>
    <message>
        <source>planning with more memory</source>
        <translation>plant mit mehr Speicher</translation>
    </message>
    <message>
        <source>planning with %1</source>
        <translation>plant mit %1</translation>
    </message>
    <message>
        <source>planning without %1</source>
        <translation>plant ohne %1</translation>
    </message>
    <message>
        <source>expanding calls</source>
        <translation>setzt Aufrufe ein</translation>
    </message>
    <message>
        <source>verifying</source>
        <translation>prüft</translation>
    </message>
    <message>
        <source>reading</source>
        <translation>liest</translation>
    </message>
    <message>
        <source>converting</source>
        <translation>wandelt um</translation>
    </message>
    <message>
        <source>layer count</source>
        <translation>Zahl der Schichten</translation>
    </message>
    <message>
        <source>comparing 1 microbatch</source>
        <translation>vergleicht 1 Mikrobatch</translation>
    </message>
    <message>
        <source>comparing %1 microbatches</source>
        <translation>vergleicht %1 Mikrobatches</translation>
    </message>
    <message>
        <source>costing stages for %1</source>
        <translation>berechnet die Kosten der Stufen für %1</translation>
    </message>
    <message>
        <source>sharding the stages for %1</source>
        <translation>teilt die Stufen für %1 auf</translation>
    </message>
    <message>
        <source>%1 layers asked, but the model has %2 contractions</source>
        <translation>%1 Schichten verlangt, das Modell hat aber %2 Kontraktionen</translation>
    </message>
    <message>
        <source>by default it has layers 0 to %1</source>
        <translation>üblich hat es die Schichten 0 bis %1</translation>
    </message>
    <message>
        <source>%1 microbatches do not divide the global batch of %2</source>
        <translation>%1 Mikrobatches teilen den globalen Batch von %2 nicht</translation>
    </message>
    <message>
        <source>forward compute</source>
        <translation>Rechnen vorwärts</translation>
    </message>
    <message>
        <source>backward compute</source>
        <translation>Rechnen rückwärts</translation>
    </message>
    <message>
        <source>layers %1 on %2</source>
        <translation>Schichten %1 auf %2</translation>
    </message>
    <message>
        <source>first %1 recomputed</source>
        <translation>die ersten %1 neu berechnet</translation>
    </message>
    <message>
        <source>recomputed</source>
        <translation>neu berechnet</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>microbatches</source>
        <translation>Mikrobatches</translation>
    </message>
    <message>
        <source>schedule</source>
        <translation>Ablauf</translation>
    </message>
    <message>
        <source>strategy</source>
        <translation>Strategie</translation>
    </message>
    <message>
        <source>pipeline</source>
        <translation>nur Pipeline</translation>
    </message>
    <message>
        <source>auto</source>
        <translation>automatisch</translation>
    </message>
    <message>
        <source>%1: no such file</source>
        <translation>%1: keine solche Datei</translation>
    </message>
    <message>
        <source>%1: is a directory, expected a file</source>
        <translation>%1: ist ein Verzeichnis, erwartet wird eine Datei</translation>
    </message>
    <message>
        <source>%1: cannot be opened: %2</source>
        <translation>%1: lässt sich nicht öffnen: %2</translation>
    </message>
    <message>
        <source>%1: larger than the limit of %2 bytes</source>
        <translation>%1: größer als die Grenze von %2 Byte</translation>
    </message>
    <message>
        <source>%1: the gzip data ends too early, %2 bytes were readable</source>
        <translation>%1: die gzip-Daten enden zu früh, %2 Byte waren lesbar</translation>
    </message>
    <message>
        <source>%1: cannot be read: %2</source>
        <translation>%1: lässt sich nicht lesen: %2</translation>
    </message>
    <message>
        <source>%1: cannot be written: %2</source>
        <translation>%1: lässt sich nicht schreiben: %2</translation>
    </message>
    <message>
        <source>%1: is empty</source>
        <translation>%1: ist leer</translation>
    </message>
    <message>
        <source>%1: is MLIR bytecode, which is not supported; %2</source>
        <translation>%1: ist MLIR-Bytecode, der nicht unterstützt wird; %2</translation>
    </message>
    <message>
        <source>%1: is a binary file of a format that is not supported; %2</source>
        <translation>%1: ist eine Binärdatei, deren Format nicht unterstützt wird; %2</translation>
    </message>
    <message>
        <source>%1: holds nothing but spaces; %2</source>
        <translation>%1: enthält nichts als Leerzeichen; %2</translation>
    </message>
    <message>
        <source>%1: is not a model file of a supported format: it begins with &apos;%2&apos;; %3</source>
        <translation>%1: ist keine Modelldatei eines unterstützten Formats: sie beginnt mit „%2“; %3</translation>
    </message>
    <message>
        <source>supported are StableHLO text (module @name { ... }), HLO text (HloModule) and ONNX, plain or gzip</source>
        <translation>unterstützt werden StableHLO-Text (module @name { ... }), HLO-Text (HloModule) und ONNX, unverpackt oder mit gzip</translation>
    </message>
    <message>
        <source>the file ends inside the module, a &apos;}&apos; is missing: it may be truncated</source>
        <translation>die Datei endet innerhalb des Moduls, eine „}“ fehlt: sie ist vielleicht abgeschnitten</translation>
    </message>
    <message>
        <source>the file ends inside function &apos;@%1&apos;: it may be truncated</source>
        <translation>die Datei endet innerhalb der Funktion „@%1“: sie ist vielleicht abgeschnitten</translation>
    </message>
    <message>
        <source>the file ends inside computation &apos;%1&apos;: it may be truncated</source>
        <translation>die Datei endet innerhalb der Berechnung „%1“: sie ist vielleicht abgeschnitten</translation>
    </message>
    <message>
        <source>the file has more than %1 operations</source>
        <translation>die Datei hat mehr als %1 Operationen</translation>
    </message>
    <message>
        <source>the file has more than %1 instructions</source>
        <translation>die Datei hat mehr als %1 Anweisungen</translation>
    </message>
    <message>
        <source>this &apos;}&apos; closes nothing</source>
        <translation>diese „}“ schließt nichts</translation>
    </message>
    <message>
        <source>this &apos;)&apos; closes nothing</source>
        <translation>diese „)“ schließt nichts</translation>
    </message>
    <message>
        <source>the braces do not match, reading stops here</source>
        <translation>die Klammern passen nicht zueinander, das Lesen endet hier</translation>
    </message>
    <message>
        <source>the brackets that begin here are not closed</source>
        <translation>die Klammern, die hier beginnen, sind nicht geschlossen</translation>
    </message>
    <message>
        <source>the region that begins here is not closed</source>
        <translation>der Bereich, der hier beginnt, ist nicht geschlossen</translation>
    </message>
    <message>
        <source>the string is not closed on its line</source>
        <translation>die Zeichenkette ist auf ihrer Zeile nicht geschlossen</translation>
    </message>
    <message>
        <source>the operands of &apos;%1&apos; are not closed</source>
        <translation>die Operanden von „%1“ sind nicht geschlossen</translation>
    </message>
    <message>
        <source>regions with several blocks are not supported</source>
        <translation>Bereiche mit mehreren Blöcken werden nicht unterstützt</translation>
    </message>
    <message>
        <source>regions nest deeper than %1 levels</source>
        <translation>Bereiche sind tiefer als %1 Ebenen verschachtelt</translation>
    </message>
    <message>
        <source>brackets nest deeper than %1 levels</source>
        <translation>Klammern sind tiefer als %1 Ebenen verschachtelt</translation>
    </message>
    <message>
        <source>expected a module, a function or an alias</source>
        <translation>erwartet wird ein Modul, eine Funktion oder ein Alias</translation>
    </message>
    <message>
        <source>expected a function, found &apos;%1&apos;</source>
        <translation>erwartet wird eine Funktion, gefunden „%1“</translation>
    </message>
    <message>
        <source>expected %1, but the file ends here</source>
        <translation>erwartet wird %1, aber die Datei endet hier</translation>
    </message>
    <message>
        <source>expected %1, found &apos;%2&apos;</source>
        <translation>erwartet wird %1, gefunden „%2“</translation>
    </message>
    <message>
        <source>expected the name of an operation</source>
        <translation>erwartet wird der Name einer Operation</translation>
    </message>
    <message>
        <source>expected a type such as f32[4,8]</source>
        <translation>erwartet wird ein Typ wie f32[4,8]</translation>
    </message>
    <message>
        <source>expected an instruction such as &apos;x.1 = f32[4] add(a.1, b.1)&apos;</source>
        <translation>erwartet wird eine Anweisung wie „x.1 = f32[4] add(a.1, b.1)“</translation>
    </message>
    <message>
        <source>sizes known only at run time are not supported, export with static shapes</source>
        <translation>Größen, die erst zur Laufzeit bekannt sind, werden nicht unterstützt; mit festen Formen exportieren</translation>
    </message>
    <message>
        <source>sizes known only at run time (&apos;?&apos;) are not supported, export with static shapes</source>
        <translation>Größen, die erst zur Laufzeit bekannt sind („?“), werden nicht unterstützt; mit festen Formen exportieren</translation>
    </message>
    <message>
        <source>element type &apos;%1&apos; is not supported; supported are %2</source>
        <translation>der Elementtyp „%1“ wird nicht unterstützt; unterstützt werden %2</translation>
    </message>
    <message>
        <source>argument type &apos;%1&apos; is not supported, expected a tensor</source>
        <translation>der Argumenttyp „%1“ wird nicht unterstützt, erwartet wird ein Tensor</translation>
    </message>
    <message>
        <source>type &apos;%1&apos; is not supported, expected a tensor</source>
        <translation>der Typ „%1“ wird nicht unterstützt, erwartet wird ein Tensor</translation>
    </message>
    <message>
        <source>value &apos;%1&apos; is not defined before its use</source>
        <translation>der Wert „%1“ ist vor seiner Verwendung nicht definiert</translation>
    </message>
    <message>
        <source>value &apos;%1&apos; is defined twice</source>
        <translation>der Wert „%1“ ist zweimal definiert</translation>
    </message>
    <message>
        <source>the value is %1 where it is defined, but %2 is expected here</source>
        <translation>der Wert ist %1, wo er definiert ist, aber hier wird %2 erwartet</translation>
    </message>
    <message>
        <source>function &apos;@%1&apos; is defined twice</source>
        <translation>die Funktion „@%1“ ist zweimal definiert</translation>
    </message>
    <message>
        <source>function &apos;@%1&apos; is not in the file</source>
        <translation>die Funktion „@%1“ ist nicht in der Datei</translation>
    </message>
    <message>
        <source>function &apos;@%1&apos; does not return</source>
        <translation>die Funktion „@%1“ kehrt nicht zurück</translation>
    </message>
    <message>
        <source>function &apos;@%1&apos; takes %2 arguments, got %3</source>
        <translation>die Funktion „@%1“ nimmt %2 Argumente, bekommt aber %3</translation>
    </message>
    <message>
        <source>&apos;%1&apos; has %2 results, there is no number %3</source>
        <translation>„%1“ hat %2 Ergebnisse, eine Nummer %3 gibt es nicht</translation>
    </message>
    <message>
        <source>&apos;%1&apos; has %2 results, but %3 are named</source>
        <translation>„%1“ hat %2 Ergebnisse, benannt sind aber %3</translation>
    </message>
    <message>
        <source>&apos;%1&apos; has %2 operands, but %3 operand types</source>
        <translation>„%1“ hat %2 Operanden, aber %3 Operandentypen</translation>
    </message>
    <message>
        <source>&apos;%1&apos; does not name a function</source>
        <translation>„%1“ nennt keine Funktion</translation>
    </message>
    <message>
        <source>&apos;%1&apos; is kept as an opaque operation: %2</source>
        <translation>„%1“ bleibt als unbekannte Operation erhalten: %2</translation>
    </message>
    <message>
        <source>the operator is not known</source>
        <translation>der Operator ist nicht bekannt</translation>
    </message>
    <message>
        <source>%1 is not supported</source>
        <translation>%1 wird nicht unterstützt</translation>
    </message>
    <message>
        <source>constant: brackets are not closed</source>
        <translation>Konstante: Klammern sind nicht geschlossen</translation>
    </message>
    <message>
        <source>constant: expected %1 values for %2, got %3</source>
        <translation>Konstante: erwartet werden %1 Werte für %2, es sind %3</translation>
    </message>
    <message>
        <source>constant: &apos;%1&apos; is not a value of %2</source>
        <translation>Konstante: „%1“ ist kein Wert von %2</translation>
    </message>
    <message>
        <source>%1: is no ONNX model, or is damaged</source>
        <translation>%1: ist kein ONNX-Modell oder ist beschädigt</translation>
    </message>
    <message>
        <source>is no ONNX model, or is damaged</source>
        <translation>ist kein ONNX-Modell oder ist beschädigt</translation>
    </message>
    <message>
        <source>is no ONNX model: it has no graph</source>
        <translation>ist kein ONNX-Modell: es hat keinen Graphen</translation>
    </message>
    <message>
        <source>holds 2 GiB or more, which an ONNX file cannot</source>
        <translation>enthält 2 GiB oder mehr, was eine ONNX-Datei nicht kann</translation>
    </message>
    <message>
        <source>is an ONNX model, and this program was built without libonnx-dev</source>
        <translation>ist ein ONNX-Modell, und dieses Programm wurde ohne libonnx-dev gebaut</translation>
    </message>
    <message>
        <source>the model has no floating-point output for a loss</source>
        <translation>das Modell hat keine Gleitkomma-Ausgabe für einen Verlust</translation>
    </message>
    <message>
        <source>the whole program is not sound</source>
        <translation>das Programm als Ganzes ist nicht stimmig</translation>
    </message>
    <message>
        <source>devices &apos;%1&apos;: the plan is for %2 devices (%3), use %4 or plan for --cluster %5</source>
        <translation>Geräte „%1“: der Plan ist für %2 Geräte (%3), %4 verwenden oder für --cluster %5 planen</translation>
    </message>
    <message>
        <source>devices &apos;%1&apos;: the plan is for %2 devices (%3), use %4</source>
        <translation>Geräte „%1“: der Plan ist für %2 Geräte (%3), %4 verwenden</translation>
    </message>
    <message>
        <source>devices &apos;%1&apos;: the plan is for %2 GPUs, this machine has %3; plan for --cluster %4</source>
        <translation>Geräte „%1“: der Plan ist für %2 GPUs, dieser Rechner hat %3; für --cluster %4 planen</translation>
    </message>
    <message>
        <source>devices &apos;%1&apos;: %2</source>
        <translation>Geräte „%1“: %2</translation>
    </message>
    <message>
        <source>the run was cancelled</source>
        <translation>der Lauf wurde abgebrochen</translation>
    </message>
    <message>
        <source>the run was stopped</source>
        <translation>der Lauf wurde angehalten</translation>
    </message>
    <message>
        <source>the run was ended</source>
        <translation>der Lauf wurde beendet</translation>
    </message>
    <message>
        <source>another device ended the run</source>
        <translation>ein anderes Gerät hat den Lauf beendet</translation>
    </message>
    <message>
        <source>no device made progress for %1; %2; whoever is elsewhere keeps the others waiting, and if nobody is, --watchdog gives the run more time</source>
        <translation>%1 lang kam kein Gerät voran; %2; wer anderswo ist, lässt die anderen warten, und ist das niemand, gibt --watchdog dem Lauf mehr Zeit</translation>
    </message>
    <message>
        <source>an arena of %1 bytes cannot be allocated</source>
        <translation>ein Speicherbereich von %1 Byte lässt sich nicht belegen</translation>
    </message>
    <message>
        <source>input &apos;%1&apos; is missing, expected %2</source>
        <translation>die Eingabe „%1“ fehlt, erwartet wird %2</translation>
    </message>
    <message>
        <source>no NVIDIA driver on this machine (%1)</source>
        <translation>kein NVIDIA-Treiber auf diesem Rechner (%1)</translation>
    </message>
    <message>
        <source>%1: replicated</source>
        <translation>%1: repliziert</translation>
    </message>
    <message>
        <source>%1: dim %2 of %3</source>
        <translation>%1: Dim. %2 von %3</translation>
    </message>
    <message>
        <source>%1: sum over %2</source>
        <translation>%1: Summe über %2</translation>
    </message>
    <message>
        <source>moved at once</source>
        <translation>sofort verschoben</translation>
    </message>
    <message>
        <source>one device</source>
        <translation>ein Gerät</translation>
    </message>
    <message>
        <source>the second step is %1 longer (%2), mainly in %3 (%4 -&gt; %5)</source>
        <translation>der zweite Schritt ist %1 länger (%2), vor allem bei: %3 (%4 → %5)</translation>
    </message>
    <message>
        <source>the second step is %1 shorter (%2), mainly in %3 (%4 -&gt; %5)</source>
        <translation>der zweite Schritt ist %1 kürzer (%2), vor allem bei: %3 (%4 → %5)</translation>
    </message>
</context>
<context>
    <name>Glossary</name>
    <message>
        <source>1F1B</source>
        <translation>1F1B</translation>
    </message>
    <message>
        <source>A schedule: after filling the pipeline, each stage does one forward and one backward in turn, so few microbatches are in flight.</source>
        <translation>Ein Ablauf: ist die Pipeline gefüllt, rechnet jede Stufe abwechselnd vorwärts und rückwärts, so dass wenige Mikrobatches unterwegs sind.</translation>
    </message>
    <message>
        <source>Activations</source>
        <translation>Aktivierungen</translation>
    </message>
    <message>
        <source>What the forward pass keeps for the backward pass. Memory of one microbatch times the microbatches in flight.</source>
        <translation>Was das Vorwärts für das Rückwärts behält. Speicher eines Mikrobatches mal Mikrobatches unterwegs.</translation>
    </message>
    <message>
        <source>All-gather (AG)</source>
        <translation>All-gather (AG)</translation>
    </message>
    <message>
        <source>Every device of a mesh axis gets the parts of all others: split becomes replicated.</source>
        <translation>Jedes Gerät einer Achse erhält die Teile aller anderen: aus geteilt wird repliziert.</translation>
    </message>
    <message>
        <source>All-reduce (AR)</source>
        <translation>All-reduce (AR)</translation>
    </message>
    <message>
        <source>Partial sums of the devices of a mesh axis are added, and every device gets the sum.</source>
        <translation>Teilsummen der Geräte einer Achse werden addiert, und jedes Gerät erhält die Summe.</translation>
    </message>
    <message>
        <source>All-to-all (A2A)</source>
        <translation>All-to-all (A2A)</translation>
    </message>
    <message>
        <source>Devices exchange parts, so that a tensor is split along another dimension.</source>
        <translation>Geräte tauschen Teile, so dass ein Tensor entlang einer anderen Dimension geteilt ist.</translation>
    </message>
    <message>
        <source>Baseline</source>
        <translation>Vergleichsplan</translation>
    </message>
    <message>
        <source>The plan with the star: others are compared with it. Also the plans that people make by hand: data parallel, ZeRO, Megatron, pipeline only.</source>
        <translation>Der Plan mit dem Stern: andere werden mit ihm verglichen. Auch die Pläne, die man von Hand macht: datenparallel, ZeRO, Megatron, nur Pipeline.</translation>
    </message>
    <message>
        <source>Bubble</source>
        <translation>Blase</translation>
    </message>
    <message>
        <source>Time in which devices of a pipeline wait, mostly at the beginning and end of a step.</source>
        <translation>Zeit, in der Geräte einer Pipeline warten, meist am Anfang und Ende eines Schritts.</translation>
    </message>
    <message>
        <source>Constraint</source>
        <translation>Bedingung</translation>
    </message>
    <message>
        <source>Something that a plan must obey: a limit, a fixed degree, a pinned sharding, a stage boundary. Everything else is searched.</source>
        <translation>Etwas, das ein Plan einhalten muss: eine Grenze, ein fester Grad, eine festgelegte Aufteilung, eine Stufengrenze. Alles andere wird gesucht.</translation>
    </message>
    <message>
        <source>Decision</source>
        <translation>Entscheidung</translation>
    </message>
    <message>
        <source>An operation or stored tensor whose sharding the planner chooses; others follow from it.</source>
        <translation>Eine Operation oder ein gespeicherter Tensor, dessen Aufteilung der Planer wählt; andere folgen daraus.</translation>
    </message>
    <message>
        <source>Device mesh</source>
        <translation>Gerätenetz</translation>
    </message>
    <message>
        <source>The devices of a stage, arranged along axes: x is the data axis, y and z are tensor axes.</source>
        <translation>Die Geräte einer Stufe, entlang von Achsen angeordnet: x ist die Datenachse, y und z sind Tensorachsen.</translation>
    </message>
    <message>
        <source>DP, data parallelism</source>
        <translation>DP, Datenparallelität</translation>
    </message>
    <message>
        <source>Devices along axis x work on different samples and add up their gradients once a step.</source>
        <translation>Geräte entlang Achse x bearbeiten verschiedene Beispiele und addieren einmal je Schritt ihre Gradienten.</translation>
    </message>
    <message>
        <source>Gap</source>
        <translation>Lücke</translation>
    </message>
    <message>
        <source>By how much at most a plan&apos;s shardings may cost more than the best ones. Zero: proven optimal.</source>
        <translation>Um wie viel die Aufteilungen eines Plans höchstens teurer sind als die besten. Null: bewiesen optimal.</translation>
    </message>
    <message>
        <source>GPipe</source>
        <translation>GPipe</translation>
    </message>
    <message>
        <source>A schedule: all forwards, then all backwards. Simple, but all microbatches are in flight.</source>
        <translation>Ein Ablauf: erst alle vorwärts, dann alle rückwärts. Einfach, aber alle Mikrobatches sind unterwegs.</translation>
    </message>
    <message>
        <source>Hypothetical plan</source>
        <translation>Hypothetischer Plan</translation>
    </message>
    <message>
        <source>A plan for a cluster that does not exist, made by the what-if sliders.</source>
        <translation>Ein Plan für einen Cluster, den es nicht gibt, gemacht mit den Was-wäre-wenn-Reglern.</translation>
    </message>
    <message>
        <source>Layer</source>
        <translation>Schicht</translation>
    </message>
    <message>
        <source>A run of operations that is never divided between stages, such as a transformer block.</source>
        <translation>Eine Folge von Operationen, die nie auf Stufen verteilt wird, etwa ein Transformer-Block.</translation>
    </message>
    <message>
        <source>Microbatch</source>
        <translation>Mikrobatch</translation>
    </message>
    <message>
        <source>A part of the global batch that goes through the pipeline at once. More of them shorten the bubble.</source>
        <translation>Ein Teil des globalen Batches, der auf einmal durch die Pipeline geht. Mehr davon verkürzen die Blase.</translation>
    </message>
    <message>
        <source>Partial (P)</source>
        <translation>Teilsumme (P)</translation>
    </message>
    <message>
        <source>Each device holds a summand of the tensor; an all-reduce or reduce-scatter adds them up.</source>
        <translation>Jedes Gerät hält einen Summanden des Tensors; All-reduce oder Reduce-scatter addiert sie.</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>Festlegen</translation>
    </message>
    <message>
        <source>A constraint that a tensor or operation has a certain sharding.</source>
        <translation>Eine Bedingung, dass ein Tensor oder eine Operation eine bestimmte Aufteilung hat.</translation>
    </message>
    <message>
        <source>PP, pipeline parallelism</source>
        <translation>PP, Pipeline-Parallelität</translation>
    </message>
    <message>
        <source>Stages of layers on different devices; microbatches move through them one after the other.</source>
        <translation>Stufen von Schichten auf verschiedenen Geräten; Mikrobatches gehen nacheinander hindurch.</translation>
    </message>
    <message>
        <source>Recomputation</source>
        <translation>Neuberechnung</translation>
    </message>
    <message>
        <source>Running forward operations again in the backward pass instead of keeping what they computed: time for memory.</source>
        <translation>Vorwärts-Operationen rückwärts noch einmal ausführen, statt zu behalten, was sie berechnet haben: Zeit gegen Speicher.</translation>
    </message>
    <message>
        <source>Reduce-scatter (RS)</source>
        <translation>Reduce-scatter (RS)</translation>
    </message>
    <message>
        <source>Partial sums are added, and every device keeps its part of the sum.</source>
        <translation>Teilsummen werden addiert, und jedes Gerät behält seinen Teil der Summe.</translation>
    </message>
    <message>
        <source>Regret</source>
        <translation>Reue</translation>
    </message>
    <message>
        <source>How much longer the step would take if a strategy were forced and all the rest chosen anew.</source>
        <translation>Um wie viel der Schritt länger würde, wenn eine Strategie erzwungen und alles andere neu gewählt würde.</translation>
    </message>
    <message>
        <source>Replicated (R)</source>
        <translation>Repliziert (R)</translation>
    </message>
    <message>
        <source>Every device holds the whole tensor.</source>
        <translation>Jedes Gerät hält den ganzen Tensor.</translation>
    </message>
    <message>
        <source>Reshard</source>
        <translation>Umverteilen</translation>
    </message>
    <message>
        <source>Bringing a tensor from one sharding into another, by collectives.</source>
        <translation>Einen Tensor durch Kollektive von einer Aufteilung in eine andere bringen.</translation>
    </message>
    <message>
        <source>Sharding</source>
        <translation>Aufteilung</translation>
    </message>
    <message>
        <source>How a tensor is spread over devices. {x, -} means: dimension 0 split over axis x, dimension 1 not split.</source>
        <translation>Wie ein Tensor über Geräte verteilt ist. {x, -} heißt: Dimension 0 über Achse x geteilt, Dimension 1 nicht geteilt.</translation>
    </message>
    <message>
        <source>Stage</source>
        <translation>Stufe</translation>
    </message>
    <message>
        <source>Consecutive layers that run on one submesh.</source>
        <translation>Aufeinanderfolgende Schichten, die auf einem Teilnetz laufen.</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>Schritt</translation>
    </message>
    <message>
        <source>One pass over the global batch: forward, backward, synchronisation of gradients, update.</source>
        <translation>Ein Durchgang durch den globalen Batch: vorwärts, rückwärts, Gradientenabgleich, Aktualisierung.</translation>
    </message>
    <message>
        <source>Strategy</source>
        <translation>Strategie</translation>
    </message>
    <message>
        <source>The sharding of one operation: which mesh axis splits which of its dimensions.</source>
        <translation>Die Aufteilung einer Operation: welche Achse welche ihrer Dimensionen teilt.</translation>
    </message>
    <message>
        <source>Submesh</source>
        <translation>Teilnetz</translation>
    </message>
    <message>
        <source>A rectangle of the cluster: some devices of a host, or whole hosts.</source>
        <translation>Ein Rechteck des Clusters: einige Geräte eines Rechners oder ganze Rechner.</translation>
    </message>
    <message>
        <source>TP, tensor parallelism</source>
        <translation>TP, Tensorparallelität</translation>
    </message>
    <message>
        <source>Devices along axis y share the work of single operations and exchange activations.</source>
        <translation>Geräte entlang Achse y teilen sich einzelne Operationen und tauschen Aktivierungen aus.</translation>
    </message>
    <message>
        <source>ZeRO</source>
        <translation>ZeRO</translation>
    </message>
    <message>
        <source>Data parallelism in which optimizer state (1), gradients (2) and parameters (3) are split over the data axis.</source>
        <translation>Datenparallelität, bei der Optimiererzustand (1), Gradienten (2) und Parameter (3) über die Datenachse geteilt sind.</translation>
    </message>
</context>
<context>
    <name>KeysDialog</name>
    <message>
        <source>Double-click, Enter</source>
        <translation>Doppelklick, Enter</translation>
    </message>
    <message>
        <source>Graph: unfold or fold a layer</source>
        <translation>Graph: eine Schicht auf- oder zufalten</translation>
    </message>
    <message>
        <source>Arrows</source>
        <translation>Pfeile</translation>
    </message>
    <message>
        <source>Graph: to the neighbour. Stage boundaries: choose and move, Enter plans</source>
        <translation>Graph: zum Nachbarn. Stufengrenzen: wählen und verschieben, Enter plant</translation>
    </message>
    <message>
        <source>Del</source>
        <translation>Entf</translation>
    </message>
    <message>
        <source>Constraints: remove the chosen ones</source>
        <translation>Bedingungen: die gewählten entfernen</translation>
    </message>
    <message>
        <source>This sheet</source>
        <translation>Dieses Blatt</translation>
    </message>
    <message>
        <source>Graph: zoom in, zoom out, 100 %</source>
        <translation>Graph: vergrößern, verkleinern, 100 %</translation>
    </message>
    <message>
        <source>Wheel, drag</source>
        <translation>Rad, Ziehen</translation>
    </message>
    <message>
        <source>Graph: zoom at the mouse, move</source>
        <translation>Graph: am Mauszeiger vergrößern, verschieben</translation>
    </message>
    <message>
        <source>Ctrl+click, Shift+drag</source>
        <translation>Strg+Klick, Umschalt+Ziehen</translation>
    </message>
    <message>
        <source>Graph: select several; the inspector sums them</source>
        <translation>Graph: mehreres auswählen; der Inspektor zählt zusammen</translation>
    </message>
    <message>
        <source>Letters of axes</source>
        <translation>Buchstaben der Achsen</translation>
    </message>
    <message>
        <source>Sharding strip: split the dimension over that axis</source>
        <translation>Teilungsstreifen: die Dimension über diese Achse teilen</translation>
    </message>
    <message>
        <source>Problems: copy all that is known of the chosen</source>
        <translation>Probleme: alles zu den gewählten kopieren</translation>
    </message>
    <message>
        <source>Enter, Space</source>
        <translation>Enter, Leertaste</translation>
    </message>
    <message>
        <source>Overview: open the page that a number or a row leads to</source>
        <translation>Überblick: die Seite öffnen, zu der eine Zahl oder Zeile führt</translation>
    </message>
    <message>
        <source>Click, Enter, Esc</source>
        <translation>Klick, Enter, Esc</translation>
    </message>
    <message>
        <source>Legend of the graph: dim everything else, show all again</source>
        <translation>Legende des Graphen: alles andere abblenden, wieder alles zeigen</translation>
    </message>
    <message>
        <source>Timeline: zoom in and out</source>
        <translation>Zeitleiste: vergrößern und verkleinern</translation>
    </message>
</context>
<context>
    <name>Measurement</name>
    <message>
        <source>no measurable difference between %1 and %2</source>
        <translation>kein messbarer Unterschied zwischen %1 und %2</translation>
    </message>
    <message>
        <source>%1 is %2 faster than %3 (95 % between %4 and %5)</source>
        <translation>%1 ist %2 schneller als %3 (95 % zwischen %4 und %5)</translation>
    </message>
</context>
<context>
    <name>PinSharding</name>
    <message>
        <source>Forbid %1 for %2</source>
        <translation>%1 für %2 verbieten</translation>
    </message>
    <message>
        <source>Pin %1 to %2</source>
        <translation>%1 auf %2 festlegen</translation>
    </message>
</context>
<context>
    <name>PlanOffer</name>
    <message>
        <source>Stop planning (Esc)</source>
        <translation>Planen anhalten (Esc)</translation>
    </message>
    <message>
        <source>Plan (F5)</source>
        <translation>Planen (F5)</translation>
    </message>
</context>
<context>
    <name>QObject</name>
    <message>
        <source>edits are not kept against crashes: %1 cannot be created</source>
        <translation>Änderungen sind nicht gegen Abstürze gesichert: %1 lässt sich nicht anlegen</translation>
    </message>
    <message>
        <source>edits are not kept against crashes: %1 cannot be written</source>
        <translation>Änderungen sind nicht gegen Abstürze gesichert: %1 ist nicht schreibbar</translation>
    </message>
    <message>
        <source>edits are not kept against crashes: %1: %2</source>
        <translation>Änderungen sind nicht gegen Abstürze gesichert: %1: %2</translation>
    </message>
</context>
<context>
    <name>Report</name>
    <message>
        <source>%1 on %2</source>
        <translation>%1 auf %2</translation>
    </message>
    <message>
        <source>%1 parameters, %2 operations. Shown in full: %3.</source>
        <translation>%1 Parameter, %2 Operationen. Ganz gezeigt: %3.</translation>
    </message>
</context>
<context>
    <name>RunOrder</name>
    <message>
        <source>the machine did not say what devices it has</source>
        <translation>der Rechner hat nicht gesagt, welche Geräte er hat</translation>
    </message>
</context>
<context>
    <name>Setup</name>
    <message>
        <source>memory × %1</source>
        <translation>Speicher × %1</translation>
    </message>
    <message>
        <source>bandwidth × %1</source>
        <translation>Bandbreite × %1</translation>
    </message>
    <message>
        <source>device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>Automatisch</translation>
    </message>
    <message>
        <source>Data parallel</source>
        <translation>Datenparallel</translation>
    </message>
    <message>
        <source>ZeRO-2</source>
        <translation>ZeRO-2</translation>
    </message>
    <message>
        <source>ZeRO-3</source>
        <translation>ZeRO-3</translation>
    </message>
    <message>
        <source>Megatron grid</source>
        <translation>Megatron-Raster</translation>
    </message>
    <message>
        <source>Pipeline only</source>
        <translation>Nur Pipeline</translation>
    </message>
    <message>
        <source>, what if: %1</source>
        <translation>, was wäre wenn: %1</translation>
    </message>
</context>
<context>
    <name>StageMeshMenu</name>
    <message>
        <source>%1 hosts × %2 devices</source>
        <translation>%1 Rechner × %2 Geräte</translation>
    </message>
    <message>
        <source>one device</source>
        <translation>ein Gerät</translation>
    </message>
    <message>
        <source>%1 devices of a host</source>
        <translation>%1 Geräte eines Rechners</translation>
    </message>
    <message>
        <source>Stage %1 keeps its devices and mesh, %2</source>
        <translation>Stufe %1 behält Geräte und Netz, %2</translation>
    </message>
    <message>
        <source>Give stage %1</source>
        <translation>Stufe %1 bekommt</translation>
    </message>
    <message>
        <source>Give stage %1 %2</source>
        <translation>Stufe %1 bekommt %2</translation>
    </message>
    <message>
        <source>Leave the devices of stage %1 free</source>
        <translation>Geräte der Stufe %1 freigeben</translation>
    </message>
</context>
<context>
    <name>alpa::app</name>
    <message>
        <source>stage %1</source>
        <translation>Stufe %1</translation>
    </message>
    <message>
        <source>%1 parameters</source>
        <translation>%1 Parameter</translation>
    </message>
    <message>
        <source>collective</source>
        <translation>Kollektiv</translation>
    </message>
    <message>
        <source>collectives</source>
        <translation>Kollektive</translation>
    </message>
    <message>
        <source>operation</source>
        <translation>Operation</translation>
    </message>
    <message>
        <source>operations</source>
        <translation>Operationen</translation>
    </message>
    <message>
        <source>output</source>
        <translation>Ausgabe</translation>
    </message>
    <message>
        <source>%1 forward, %2 backward, %3 update operations. Double-click to unfold.</source>
        <translation>%1 Operationen vorwärts, %2 rückwärts, %3 der Aktualisierung. Doppelklick faltet auf.</translation>
    </message>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
    <message>
        <source>send %1</source>
        <translation>%1 senden</translation>
    </message>
    <message>
        <source>from stage %1 to stage %2, every microbatch:</source>
        <translation>von Stufe %1 zu Stufe %2, je Mikrobatch:</translation>
    </message>
    <message>
        <source>before: %1</source>
        <translation>vorher: %1</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>nichts</translation>
    </message>
    <message>
        <source>%1 changed</source>
        <translation>%1 geändert</translation>
    </message>
    <message>
        <source>%1 operations</source>
        <translation>%1 Operationen</translation>
    </message>
    <message>
        <source>scalar</source>
        <translation>Skalar</translation>
    </message>
    <message>
        <source>stage</source>
        <translation>Stufe</translation>
    </message>
    <message>
        <source>sharding</source>
        <translation>Aufteilung</translation>
    </message>
    <message>
        <source>time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>communication</source>
        <translation>Kommunikation</translation>
    </message>
    <message>
        <source>regret</source>
        <translation>Reue</translation>
    </message>
    <message>
        <source>parameters</source>
        <translation>Parameter</translation>
    </message>
    <message>
        <source>measured against predicted</source>
        <translation>gemessen gegen vorhergesagt</translation>
    </message>
    <message>
        <source>, each</source>
        <translation>, je</translation>
    </message>
    <message>
        <source>%1 layers with the same operations, sizes and shardings. Double-click to see each.</source>
        <translation>%1 Schichten mit gleichen Operationen, Größen und Aufteilungen. Doppelklick zeigt jede.</translation>
    </message>
    <message>
        <source>backward of %1</source>
        <translation>rückwärts von %1</translation>
    </message>
    <message>
        <source>%1 backward, %2 update operations</source>
        <translation>%1 Operationen rückwärts, %2 der Aktualisierung</translation>
    </message>
    <message>
        <source>gradient of %1</source>
        <translation>Gradient von %1</translation>
    </message>
    <message>
        <source>Runs when the loss is known; reads what the forward pass saved. Double-click to unfold.</source>
        <translation>Läuft, wenn der Verlust bekannt ist; liest, was das Vorwärts aufgehoben hat. Doppelklick faltet auf.</translation>
    </message>
    <message>
        <source>%1 saved for the backward pass:</source>
        <translation>%1 für das Rückwärts aufgehoben:</translation>
    </message>
    <message>
        <source>backward</source>
        <translation>rückwärts</translation>
    </message>
    <message>
        <source>update</source>
        <translation>Aktualisierung</translation>
    </message>
    <message>
        <source>gradients of the parameters, once a step</source>
        <translation>Gradienten der Parameter, einmal je Schritt</translation>
    </message>
    <message>
        <source>dimension %1</source>
        <translation>Dimension %1</translation>
    </message>
    <message>
        <source>rows</source>
        <translation>Zeilen</translation>
    </message>
    <message>
        <source>columns</source>
        <translation>Spalten</translation>
    </message>
    <message>
        <source>the result of %1</source>
        <translation>das Ergebnis von %1</translation>
    </message>
    <message>
        <source>over %1, %2</source>
        <translation>über %1, %2</translation>
    </message>
    <message>
        <source>device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>%1 kept whole on each device; each takes its part of the %2 %3, which is free</source>
        <translation>%1 liegt ganz auf jedem Gerät; jedes nimmt seinen Teil der %2 %3, das kostet nichts</translation>
    </message>
    <message>
        <source>%1 of %2 split %3; needs an all-gather of %4</source>
        <translation>%1 von %2 geteilt %3; braucht ein All-gather von %4</translation>
    </message>
    <message>
        <source>%1 is a partial sum %2; needs an all-reduce of %3</source>
        <translation>%1 ist eine Teilsumme %2; braucht ein All-reduce von %3</translation>
    </message>
    <message>
        <source>%1 is a partial sum %2; needs a reduce-scatter of %3, which leaves its %4 split</source>
        <translation>%1 ist eine Teilsumme %2; braucht ein Reduce-scatter von %3, das %4 geteilt lässt</translation>
    </message>
    <message>
        <source>%1 of %2 split %3, but the %4 are wanted; needs an all-to-all of %5</source>
        <translation>%1 von %2 geteilt %3, gebraucht werden aber die %4; braucht ein All-to-all von %5</translation>
    </message>
    <message>
        <source>forward</source>
        <translation>vorwärts</translation>
    </message>
    <message>
        <source>%1 in layer %2</source>
        <translation>%1 in Schicht %2</translation>
    </message>
    <message>
        <source>, %1 on a device</source>
        <translation>, %1 auf einem Gerät</translation>
    </message>
</context>
<context>
    <name>alpa::app::AlternativesModel</name>
    <message>
        <source>chosen</source>
        <translation>gewählt</translation>
    </message>
    <message>
        <source>Strategy</source>
        <translation>Strategie</translation>
    </message>
    <message>
        <source>Sharding</source>
        <translation>Aufteilung</translation>
    </message>
    <message>
        <source>Step time</source>
        <translation>Schrittzeit</translation>
    </message>
    <message>
        <source>no plan</source>
        <translation>kein Plan</translation>
    </message>
    <message>
        <source>%1, result %2
%3</source>
        <translation>%1, Ergebnis %2
%3</translation>
    </message>
    <message>
        <source>Step time added with all else of the stage chosen anew</source>
        <translation>Zusätzliche Schrittzeit, wenn alles andere der Stufe neu gewählt wird</translation>
    </message>
    <message>
        <source>Step time added if only this decision changed</source>
        <translation>Zusätzliche Schrittzeit, wenn nur diese Entscheidung anders wäre</translation>
    </message>
</context>
<context>
    <name>alpa::app::AppearanceMenus</name>
    <message>
        <source>Theme</source>
        <translation>Erscheinung</translation>
    </message>
    <message>
        <source>As the desktop</source>
        <translation>Wie der Schreibtisch</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Dunkel</translation>
    </message>
    <message>
        <source>High contrast</source>
        <translation>Hoher Kontrast</translation>
    </message>
    <message>
        <source>Font size</source>
        <translation>Schriftgröße</translation>
    </message>
    <message>
        <source>Larger</source>
        <translation>Größer</translation>
    </message>
    <message>
        <source>Smaller</source>
        <translation>Kleiner</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>%1 from the next start on</source>
        <translation>%1 vom nächsten Start an</translation>
    </message>
    <message>
        <source>Font size %1 %</source>
        <translation>Schriftgröße %1 %</translation>
    </message>
</context>
<context>
    <name>alpa::app::BarChart</name>
    <message>
        <source>Step time of each plan</source>
        <translation>Schrittzeit jedes Plans</translation>
    </message>
    <message>
        <source>predicted step time</source>
        <translation>vorhergesagte Schrittzeit</translation>
    </message>
    <message>
        <source>measured (median, middle half of the steps)</source>
        <translation>gemessen (Median, mittlere Hälfte der Schritte)</translation>
    </message>
</context>
<context>
    <name>alpa::app::CollectivesModel</name>
    <message>
        <source>Collective</source>
        <translation>Kollektiv</translation>
    </message>
    <message>
        <source>Bytes</source>
        <translation>Bytes</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>In a step</source>
        <translation>In einem Schritt</translation>
    </message>
    <message>
        <source>Together</source>
        <translation>Zusammen</translation>
    </message>
    <message>
        <source>Stage</source>
        <translation>Stufe</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>Vorher</translation>
    </message>
</context>
<context>
    <name>alpa::app::CommandPalette</name>
    <message>
        <source>Commands</source>
        <translation>Befehle</translation>
    </message>
    <message>
        <source>Command to look for</source>
        <translation>Gesuchter Befehl</translation>
    </message>
    <message>
        <source>Commands found</source>
        <translation>Gefundene Befehle</translation>
    </message>
    <message>
        <source>Nothing is called that</source>
        <translation>Nichts heißt so</translation>
    </message>
    <message>
        <source>What to do or where to go: @ operations, # layers, % plans, “,” settings</source>
        <translation>Was zu tun ist oder wohin: @ Operationen, # Schichten, % Pläne, „,“ Einstellungen</translation>
    </message>
</context>
<context>
    <name>alpa::app::CompareSide</name>
    <message>
        <source>Which constraint did it?</source>
        <translation>Welche Bedingung war es?</translation>
    </message>
    <message>
        <source>Left plan</source>
        <translation>Linker Plan</translation>
    </message>
    <message>
        <source>Right plan</source>
        <translation>Rechter Plan</translation>
    </message>
    <message>
        <source>beside</source>
        <translation>neben</translation>
    </message>
    <message>
        <source>What differs</source>
        <translation>Was sich unterscheidet</translation>
    </message>
    <message>
        <source>What</source>
        <translation>Was</translation>
    </message>
    <message>
        <source>Left</source>
        <translation>Links</translation>
    </message>
    <message>
        <source>Right</source>
        <translation>Rechts</translation>
    </message>
    <message>
        <source>Graph of the left plan</source>
        <translation>Graph des linken Plans</translation>
    </message>
    <message>
        <source>Graph of the right plan</source>
        <translation>Graph des rechten Plans</translation>
    </message>
    <message>
        <source>Timeline of the left plan</source>
        <translation>Zeitleiste des linken Plans</translation>
    </message>
    <message>
        <source>Timeline of the right plan</source>
        <translation>Zeitleiste des rechten Plans</translation>
    </message>
    <message>
        <source>Graphs</source>
        <translation>Graphen</translation>
    </message>
    <message>
        <source>Timelines</source>
        <translation>Zeitleisten</translation>
    </message>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
    <message>
        <source>Compare two plans</source>
        <translation>Zwei Pläne vergleichen</translation>
    </message>
    <message>
        <source>Asked</source>
        <translation>Gefragt</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>Plan</translation>
    </message>
    <message>
        <source>Shardings</source>
        <translation>Aufteilungen</translation>
    </message>
    <message>
        <source>Terms of the step</source>
        <translation>Anteile des Schritts</translation>
    </message>
    <message>
        <source>Causes: the left request with one change alone</source>
        <translation>Ursachen: die linke Anfrage mit nur einer Änderung</translation>
    </message>
    <message>
        <source>Next &amp;difference</source>
        <translation>Nächster &amp;Unterschied</translation>
    </message>
    <message>
        <source>Previous d&amp;ifference</source>
        <translation>Vor&amp;iger Unterschied</translation>
    </message>
    <message>
        <source>where plans stand side by side</source>
        <translation>wo Pläne nebeneinander stehen</translation>
    </message>
</context>
<context>
    <name>alpa::app::CompareView</name>
    <message>
        <source>Plan all baselines</source>
        <translation>Alle Vergleichspläne planen</translation>
    </message>
    <message>
        <source>Trade-offs between plans</source>
        <translation>Abwägungen zwischen Plänen</translation>
    </message>
    <message>
        <source>Predicted against measured steps</source>
        <translation>Vorhergesagte gegen gemessene Schritte</translation>
    </message>
    <message>
        <source>Plan data parallel, ZeRO-2, ZeRO-3, the best Megatron grid and pipeline only, with the same cluster, batch, optimizer and memory limit</source>
        <translation>Datenparallel, ZeRO-2, ZeRO-3, das beste Megatron-Raster und nur Pipeline planen, mit gleichem Cluster, Batch, Optimierer und Speicherlimit</translation>
    </message>
    <message>
        <source>Table</source>
        <translation>Tabelle</translation>
    </message>
    <message>
        <source>Trade-offs</source>
        <translation>Abwägungen</translation>
    </message>
    <message>
        <source>Accuracy</source>
        <translation>Genauigkeit</translation>
    </message>
    <message>
        <source>Side by side</source>
        <translation>Nebeneinander</translation>
    </message>
    <message>
        <source>Nothing has been measured yet: run a plan (F6).</source>
        <translation>Noch nichts gemessen: einen Plan laufen lassen (F6).</translation>
    </message>
    <message>
        <source>predicted step</source>
        <translation>vorhergesagter Schritt</translation>
    </message>
    <message>
        <source>measured step (median, 95 % interval)</source>
        <translation>gemessener Schritt (Median, 95-%-Intervall)</translation>
    </message>
    <message>
        <source>Nothing to compare yet</source>
        <translation>Noch nichts zu vergleichen</translation>
    </message>
    <message>
        <source>Plans and baselines stand side by side here once there is a plan (F5).</source>
        <translation>Pläne und Vergleichspläne stehen hier nebeneinander, sobald es einen Plan gibt (F5).</translation>
    </message>
    <message>
        <source>Planning baselines…</source>
        <translation>Plane Vergleichspläne…</translation>
    </message>
    <message>
        <source>Comparison of plans</source>
        <translation>Vergleich der Pläne</translation>
    </message>
    <message>
        <source>Copy table</source>
        <translation>Tabelle kopieren</translation>
    </message>
    <message>
        <source>Save as CSV…</source>
        <translation>Als CSV sichern…</translation>
    </message>
    <message>
        <source>Step time</source>
        <translation>Schrittzeit</translation>
    </message>
    <message>
        <source>Step time against</source>
        <translation>Schrittzeit gegen</translation>
    </message>
    <message>
        <source>memory per device</source>
        <translation>Speicher je Gerät</translation>
    </message>
    <message>
        <source>devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>device seconds a step</source>
        <translation>Gerätesekunden je Schritt</translation>
    </message>
    <message>
        <source>Plans with and without constraints, on several clusters, spread out here.</source>
        <translation>Pläne mit und ohne Bedingungen, auf mehreren Clustern, verteilen sich hier.</translation>
    </message>
    <message>
        <source>Dotted: no plan is better in both. Shapes: DP ●, TP ■, PP ▲, mixed ◆. Click shows a plan.</source>
        <translation>Gepunktet: kein Plan ist in beidem besser. Formen: DP ●, TP ■, PP ▲, gemischt ◆. Ein Klick zeigt einen Plan.</translation>
    </message>
    <message>
        <source>Save the comparison</source>
        <translation>Den Vergleich sichern</translation>
    </message>
    <message>
        <source>CSV (*.csv)</source>
        <translation>CSV (*.csv)</translation>
    </message>
    <message>
        <source>Saved %1</source>
        <translation>%1 gesichert</translation>
    </message>
    <message>
        <source>Not saved: %1</source>
        <translation>Nicht gesichert: %1</translation>
    </message>
    <message>
        <source>Plan the manual baselines to see what the planner gains over them. Double-click a row to show its plan.</source>
        <translation>Die Vergleichspläne zeigen, was der Planer gegenüber Handarbeit gewinnt. Doppelklick auf eine Zeile zeigt ihren Plan.</translation>
    </message>
    <message>
        <source>%1 is the fastest of the baselines.</source>
        <translation>%1 ist der schnellste der Vergleichspläne.</translation>
    </message>
    <message>
        <source>%1 is predicted %2 faster than the best baseline that fits, %3.</source>
        <translation>%1 ist laut Vorhersage %2 schneller als der beste passende Vergleichsplan, %3.</translation>
    </message>
    <message>
        <source>%1 is predicted as fast as the best baseline that fits, %2.</source>
        <translation>%1 ist laut Vorhersage so schnell wie der beste passende Vergleichsplan, %2.</translation>
    </message>
    <message>
        <source>%1 is predicted %2 slower than the best baseline that fits, %3: its constraints exclude that plan.</source>
        <translation>%1 ist laut Vorhersage %2 langsamer als der beste passende Vergleichsplan, %3: seine Bedingungen schließen diesen aus.</translation>
    </message>
    <message>
        <source>Measured: %1.</source>
        <translation>Gemessen: %1.</translation>
    </message>
    <message>
        <source>%1: step %2, %3 a device, %4 devices, %5</source>
        <translation>%1: Schritt %2, %3 je Gerät, %4 Geräte, %5</translation>
    </message>
    <message>
        <source>peak memory per device</source>
        <translation>höchster Speicher je Gerät</translation>
    </message>
    <message>
        <source>%1 (%2)</source>
        <translation>%1 (%2)</translation>
    </message>
    <message>
        <source>%1: predicted %2, measured %3 (%4 to %5) over %6 steps of %7</source>
        <translation>%1: vorhergesagt %2, gemessen %3 (%4 bis %5) über %6 Schritte von %7</translation>
    </message>
    <message>
        <source>run</source>
        <translation>Lauf</translation>
    </message>
    <message>
        <source>runs</source>
        <translation>Läufe</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>Error of the prediction: %1. Below the dashed line a plan ran faster than predicted.</source>
        <translation>Fehler der Vorhersage: %1. Unter der gestrichelten Linie lief ein Plan schneller als vorhergesagt.</translation>
    </message>
    <message>
        <source>%1 is predicted %2 slower than the best baseline that fits, %3, which the search has missed.</source>
        <translation>%1 ist laut Vorhersage %2 langsamer als der beste passende Vergleichsplan, %3, den die Suche übersehen hat.</translation>
    </message>
    <message>
        <source>%1 GiB</source>
        <translation>%1 GiB</translation>
    </message>
</context>
<context>
    <name>alpa::app::ConstraintsModel</name>
    <message>
        <source>off</source>
        <translation>aus</translation>
    </message>
    <message>
        <source>%1 on</source>
        <translation>%1 ein</translation>
    </message>
    <message>
        <source>%1 off</source>
        <translation>%1 aus</translation>
    </message>
    <message>
        <source>%1 cannot be &apos;%2&apos;</source>
        <translation>%1 kann nicht „%2“ sein</translation>
    </message>
    <message>
        <source>%1 %2</source>
        <translation>%1 %2</translation>
    </message>
    <message>
        <source>Remove %1</source>
        <translation>%1 entfernen</translation>
    </message>
    <message>
        <source>Step time saved if the planner were not asked this</source>
        <translation>Schrittzeit, die es sparte, den Planer nicht danach zu fragen</translation>
    </message>
    <message>
        <source>Constraint</source>
        <translation>Bedingung</translation>
    </message>
    <message>
        <source>Scope</source>
        <translation>Bereich</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>Wert</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Price</source>
        <translation>Preis</translation>
    </message>
    <message>
        <source>It is switched off: the planner is not asked it.</source>
        <translation>Sie ist ausgeschaltet: der Planer wird nicht danach gefragt.</translation>
    </message>
    <message>
        <source>from the start</source>
        <translation>von Anfang an</translation>
    </message>
    <message>
        <source>you</source>
        <translation>Sie</translation>
    </message>
    <message>
        <source>Who asked for it: you, or the file that it came with</source>
        <translation>Wer es verlangt: Sie, oder die Datei, mit der es kam</translation>
    </message>
    <message>
        <source>Author</source>
        <translation>Urheber</translation>
    </message>
</context>
<context>
    <name>alpa::app::ConstraintsPanel</name>
    <message>
        <source>In force</source>
        <translation>In Kraft</translation>
    </message>
    <message>
        <source>Cluster and training</source>
        <translation>Cluster und Training</translation>
    </message>
    <message>
        <source>Limits</source>
        <translation>Grenzen</translation>
    </message>
    <message>
        <source>Max TP</source>
        <translation>Max TP</translation>
    </message>
    <message>
        <source>no limit</source>
        <translation>keine Grenze</translation>
    </message>
    <message>
        <source>Max DP</source>
        <translation>Max DP</translation>
    </message>
    <message>
        <source>Max PP</source>
        <translation>Max PP</translation>
    </message>
    <message>
        <source> GiB</source>
        <translation> GiB</translation>
    </message>
    <message>
        <source>all of the device</source>
        <translation>das ganze Gerät</translation>
    </message>
    <message>
        <source>Memory/device</source>
        <translation>Speicher/Gerät</translation>
    </message>
    <message>
        <source>Microbatches</source>
        <translation>Mikrobatches</translation>
    </message>
    <message>
        <source>searched</source>
        <translation>gesucht</translation>
    </message>
    <message>
        <source>Fixed degrees</source>
        <translation>Feste Grade</translation>
    </message>
    <message>
        <source>TP =</source>
        <translation>TP =</translation>
    </message>
    <message>
        <source>free</source>
        <translation>frei</translation>
    </message>
    <message>
        <source>DP =</source>
        <translation>DP =</translation>
    </message>
    <message>
        <source>PP =</source>
        <translation>PP =</translation>
    </message>
    <message>
        <source>Schedule</source>
        <translation>Ablauf</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>selective</source>
        <translation>ausgewählte</translation>
    </message>
    <message>
        <source>full</source>
        <translation>voll</translation>
    </message>
    <message>
        <source>Forward operations run again in the backward pass instead of keeping what they computed</source>
        <translation>Vorwärts-Operationen laufen rückwärts noch einmal, statt zu behalten, was sie berechnet haben</translation>
    </message>
    <message>
        <source>Recomputation</source>
        <translation>Neuberechnung</translation>
    </message>
    <message>
        <source>Parameters kept</source>
        <translation>Parameter gehalten</translation>
    </message>
    <message>
        <source>Optimizer kept</source>
        <translation>Optimierer gehalten</translation>
    </message>
    <message>
        <source>What if</source>
        <translation>Was wäre wenn</translation>
    </message>
    <message>
        <source>Memory %1 GiB per device</source>
        <translation>Speicher %1 GiB je Gerät</translation>
    </message>
    <message>
        <source>All of the device&apos;s memory</source>
        <translation>Der ganze Speicher des Geräts</translation>
    </message>
    <message>
        <source>Schedule %1</source>
        <translation>Ablauf %1</translation>
    </message>
    <message>
        <source>Recomputation %1</source>
        <translation>Neuberechnung %1</translation>
    </message>
    <message>
        <source>%1 %2</source>
        <translation>%1 %2</translation>
    </message>
    <message>
        <source>%1 free</source>
        <translation>%1 frei</translation>
    </message>
    <message>
        <source>replicated over data axis</source>
        <translation>über Datenachse repliziert</translation>
    </message>
    <message>
        <source>split over data axis</source>
        <translation>über Datenachse geteilt</translation>
    </message>
    <message>
        <source>Cluster</source>
        <translation>Cluster</translation>
    </message>
    <message>
        <source>Count of devices or hosts</source>
        <translation>Zahl der Geräte oder Rechner</translation>
    </message>
    <message>
        <source>Cluster %1</source>
        <translation>Cluster %1</translation>
    </message>
    <message>
        <source>Strategy</source>
        <translation>Strategie</translation>
    </message>
    <message>
        <source>as in the file</source>
        <translation>wie in der Datei</translation>
    </message>
    <message>
        <source>Global batch</source>
        <translation>Globaler Batch</translation>
    </message>
    <message>
        <source>SGD</source>
        <translation>SGD</translation>
    </message>
    <message>
        <source>Adam</source>
        <translation>Adam</translation>
    </message>
    <message>
        <source>AdamW</source>
        <translation>AdamW</translation>
    </message>
    <message>
        <source>Optimizer</source>
        <translation>Optimierer</translation>
    </message>
    <message>
        <source>Strategy %1</source>
        <translation>Strategie %1</translation>
    </message>
    <message>
        <source>Global batch %1</source>
        <translation>Globaler Batch %1</translation>
    </message>
    <message>
        <source>Batch of the file</source>
        <translation>Batch der Datei</translation>
    </message>
    <message>
        <source>Optimizer %1</source>
        <translation>Optimierer %1</translation>
    </message>
    <message>
        <source>%1, as in the file</source>
        <translation>%1, wie in der Datei</translation>
    </message>
    <message>
        <source>up to 2 axes</source>
        <translation>bis zu 2 Achsen</translation>
    </message>
    <message>
        <source>up to 3 axes</source>
        <translation>bis zu 3 Achsen</translation>
    </message>
    <message>
        <source>How many axes a searched mesh may have; three take longer to search</source>
        <translation>Wie viele Achsen ein gesuchtes Netz haben darf; drei zu durchsuchen dauert länger</translation>
    </message>
    <message>
        <source>Meshes</source>
        <translation>Netze</translation>
    </message>
    <message>
        <source>Meshes of %1</source>
        <translation>Netze: %1</translation>
    </message>
    <message>
        <source>CP =</source>
        <translation>CP =</translation>
    </message>
    <message>
        <source>Context parallelism: devices that split the sequence</source>
        <translation>Kontextparallelität: Geräte, die die Sequenz teilen</translation>
    </message>
    <message>
        <source>Recomputed layers</source>
        <translation>Neu gerechnet</translation>
    </message>
    <message>
        <source>So many first layers of each stage run again in the backward pass</source>
        <translation>So viele erste Schichten jeder Stufe werden im Rückwärts noch einmal gerechnet</translation>
    </message>
    <message>
        <source>Leave no device idle</source>
        <translation>Kein Gerät untätig lassen</translation>
    </message>
    <message>
        <source>Devices may stay idle</source>
        <translation>Geräte dürfen untätig bleiben</translation>
    </message>
    <message>
        <source>Pinned shardings</source>
        <translation>Feste Aufteilungen</translation>
    </message>
</context>
<context>
    <name>alpa::app::ConstraintsTable</name>
    <message>
        <source>Remove the selected constraints (Del)</source>
        <translation>Die gewählten Bedingungen entfernen (Entf)</translation>
    </message>
    <message>
        <source>Constraints in force</source>
        <translation>Geltende Bedingungen</translation>
    </message>
    <message>
        <source>What does each cost?</source>
        <translation>Was kostet jede?</translation>
    </message>
    <message>
        <source>Plans again without each constraint in turn</source>
        <translation>Plant ohne jede Bedingung der Reihe nach noch einmal</translation>
    </message>
    <message>
        <source>None: everything is searched. Limit something below, or by the context menu of an operation, layer, tensor or stage.</source>
        <translation>Keine: alles wird gesucht. Unten etwas begrenzen, oder über das Kontextmenü einer Operation, Schicht, Stufe oder eines Tensors.</translation>
    </message>
    <message>
        <source>no plan</source>
        <translation>kein Plan</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>nichts</translation>
    </message>
    <message>
        <source>Price the constraints</source>
        <translation>Die Bedingungen bepreisen</translation>
    </message>
</context>
<context>
    <name>alpa::app::DoneNotice</name>
    <message>
        <source>%1: done after %2 s</source>
        <translation>%1: fertig nach %2 s</translation>
    </message>
</context>
<context>
    <name>alpa::app::Exporter</name>
    <message>
        <source>Export the page</source>
        <translation>Seite exportieren</translation>
    </message>
    <message>
        <source>Exported %1</source>
        <translation>%1 exportiert</translation>
    </message>
    <message>
        <source>Not exported: %1 cannot be written</source>
        <translation>Nicht exportiert: %1 ist nicht schreibbar</translation>
    </message>
    <message>
        <source>Copied the page as a picture</source>
        <translation>Die Seite als Bild kopiert</translation>
    </message>
    <message>
        <source>Export the session</source>
        <translation>Sitzung exportieren</translation>
    </message>
    <message>
        <source>Web page (*.html)</source>
        <translation>Webseite (*.html)</translation>
    </message>
    <message>
        <source>Graph</source>
        <translation>Graph</translation>
    </message>
    <message>
        <source>Write the report</source>
        <translation>Bericht schreiben</translation>
    </message>
    <message>
        <source>Not exported: %1</source>
        <translation>Nicht exportiert: %1</translation>
    </message>
    <message>
        <source>Export plan</source>
        <translation>Plan exportieren</translation>
    </message>
    <message>
        <source>PNG (*.png)</source>
        <translation>PNG (*.png)</translation>
    </message>
    <message>
        <source>SVG (*.svg)</source>
        <translation>SVG (*.svg)</translation>
    </message>
    <message>
        <source>PDF (*.pdf)</source>
        <translation>PDF (*.pdf)</translation>
    </message>
    <message>
        <source>Graphviz (*.dot)</source>
        <translation>Graphviz (*.dot)</translation>
    </message>
    <message>
        <source>Tables as CSV (*.csv)</source>
        <translation>Tabellen als CSV (*.csv)</translation>
    </message>
    <message>
        <source>Tables as JSON (*.json)</source>
        <translation>Tabellen als JSON (*.json)</translation>
    </message>
</context>
<context>
    <name>alpa::app::FlowFinder</name>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
</context>
<context>
    <name>alpa::app::GlossaryDialog</name>
    <message>
        <source>Glossary</source>
        <translation>Glossar</translation>
    </message>
    <message>
        <source>Word to look for</source>
        <translation>Gesuchtes Wort</translation>
    </message>
    <message>
        <source>Words and what they mean</source>
        <translation>Wörter und was sie bedeuten</translation>
    </message>
    <message>
        <source>Nothing is called that.</source>
        <translation>Nichts heißt so.</translation>
    </message>
</context>
<context>
    <name>alpa::app::GraphCanvas</name>
    <message>
        <source>Graph of the model</source>
        <translation>Graph des Modells</translation>
    </message>
    <message>
        <source>fast layout</source>
        <translation>schnelle Anordnung</translation>
    </message>
    <message>
        <source>dot %1 ms</source>
        <translation>dot %1 ms</translation>
    </message>
</context>
<context>
    <name>alpa::app::GraphLegend</name>
    <message>
        <source>Legend of the graph</source>
        <translation>Legende des Graphen</translation>
    </message>
    <message>
        <source>Shardings appear here once there is a plan.</source>
        <translation>Aufteilungen erscheinen hier, sobald es einen Plan gibt.</translation>
    </message>
    <message>
        <source>split over %1, %2</source>
        <translation>geteilt über %1, %2</translation>
    </message>
    <message>
        <source>device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>replicated</source>
        <translation>repliziert</translation>
    </message>
    <message>
        <source>partial sums</source>
        <translation>Teilsummen</translation>
    </message>
    <message>
        <source>moves data</source>
        <translation>bewegt Daten</translation>
    </message>
    <message>
        <source>changed</source>
        <translation>geändert</translation>
    </message>
    <message>
        <source>stage %1</source>
        <translation>Stufe %1</translation>
    </message>
    <message>
        <source>%1–%2 devices</source>
        <translation>%1–%2 Geräte</translation>
    </message>
    <message>
        <source>Each cell of a strip is one dimension of the tensor; arrows have the colour and line of the axis that splits what they carry.
AR all-reduce, AG all-gather, RS reduce-scatter, A2A all-to-all; the letter behind it is the mesh axis.
Right-click an axis to limit it; click the colour bar to choose its scale.
Click an entry to dim everything else; again or Esc shows all.</source>
        <translation>Jede Zelle eines Streifens ist eine Dimension des Tensors; Pfeile haben Farbe und Linie der Achse, die teilt, was sie tragen.
AR all-reduce, AG all-gather, RS reduce-scatter, A2A all-to-all; der Buchstabe dahinter ist die Netzachse.
Rechtsklick auf eine Achse begrenzt sie; ein Klick auf den Farbbalken wählt seine Skala.
Ein Klick auf einen Eintrag blendet alles andere ab; noch einmal oder Esc zeigt wieder alles.</translation>
    </message>
    <message>
        <source>%1 from %2 to %3</source>
        <translation>%1 von %2 bis %3</translation>
    </message>
    <message>
        <source>%1, logarithmic</source>
        <translation>%1, logarithmisch</translation>
    </message>
</context>
<context>
    <name>alpa::app::GraphTrail</name>
    <message>
        <source>stage %1</source>
        <translation>Stufe %1</translation>
    </message>
    <message>
        <source>layer %1</source>
        <translation>Schicht %1</translation>
    </message>
    <message>
        <source>Place in the model</source>
        <translation>Ort im Modell</translation>
    </message>
    <message>
        <source>A click on a part goes there</source>
        <translation>Ein Klick auf einen Teil führt dorthin</translation>
    </message>
</context>
<context>
    <name>alpa::app::GraphView</name>
    <message>
        <source>Forward</source>
        <translation>Vorwärts</translation>
    </message>
    <message>
        <source>Backward</source>
        <translation>Rückwärts</translation>
    </message>
    <message>
        <source>Update</source>
        <translation>Aktualisierung</translation>
    </message>
    <message>
        <source>Find layer or operation (Ctrl+F)</source>
        <translation>Schicht oder Operation suchen (Strg+F)</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>Leeren</translation>
    </message>
    <message>
        <source>Zoom in (+)</source>
        <translation>Vergrößern (+)</translation>
    </message>
    <message>
        <source>Zoom out (−)</source>
        <translation>Verkleinern (−)</translation>
    </message>
    <message>
        <source>Fold all layers</source>
        <translation>Alle Schichten zufalten</translation>
    </message>
    <message>
        <source>not found</source>
        <translation>nicht gefunden</translation>
    </message>
    <message>
        <source>What the graph shows</source>
        <translation>Was der Graph zeigt</translation>
    </message>
    <message>
        <source>Training step</source>
        <translation>Trainingsschritt</translation>
    </message>
    <message>
        <source>All operations</source>
        <translation>Alle Operationen</translation>
    </message>
    <message>
        <source>Which operations unfolded layers show; the training step has the backward pass beside the forward pass, and all operations stand on one level</source>
        <translation>Welche Operationen aufgefaltete Schichten zeigen; der Trainingsschritt hat das Rückwärts neben dem Vorwärts, und alle Operationen stehen auf einer Ebene</translation>
    </message>
    <message>
        <source>Colour by</source>
        <translation>Farbe nach</translation>
    </message>
    <message>
        <source>What the colour of a box says; the legend below has the scale</source>
        <translation>Was die Farbe eines Kastens sagt; die Legende unten hat die Skala</translation>
    </message>
    <message>
        <source>Colour: %1</source>
        <translation>Farbe: %1</translation>
    </message>
    <message>
        <source>Find</source>
        <translation>Suchen</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>Zeigen</translation>
    </message>
    <message>
        <source>What levels leave out or put together</source>
        <translation>Was Ebenen weglassen oder zusammenfassen</translation>
    </message>
    <message>
        <source>Broadcasts, conversions and reshapes as boxes</source>
        <translation>Broadcasts, Umwandlungen und Umformungen als Kästen</translation>
    </message>
    <message>
        <source>Runs of identical layers as one box</source>
        <translation>Folgen gleicher Schichten als ein Kasten</translation>
    </message>
    <message>
        <source>Show everything</source>
        <translation>Alles zeigen</translation>
    </message>
    <message>
        <source>Lay out all operations</source>
        <translation>Alle Operationen anordnen</translation>
    </message>
    <message>
        <source>nothing measured yet: run the plan (F6)</source>
        <translation>noch nichts gemessen: den Plan laufen lassen (F6)</translation>
    </message>
    <message>
        <source>known once there is a plan (F5)</source>
        <translation>bekannt, sobald es einen Plan gibt (F5)</translation>
    </message>
    <message>
        <source>%1 a layer, %2 an operation</source>
        <translation>%1 je Schicht, %2 je Operation</translation>
    </message>
    <message>
        <source>Only its neighbours</source>
        <translation>Nur seine Nachbarn</translation>
    </message>
    <message>
        <source>Only what is two arrows away</source>
        <translation>Nur was zwei Pfeile entfernt ist</translation>
    </message>
    <message>
        <source>Fold</source>
        <translation>Zufalten</translation>
    </message>
    <message>
        <source>Unfold</source>
        <translation>Auffalten</translation>
    </message>
    <message>
        <source>Map in the corner</source>
        <translation>Karte in der Ecke</translation>
    </message>
    <message>
        <source>Boxes are hidden, or only a neighbourhood is shown</source>
        <translation>Kästen sind ausgeblendet, oder nur eine Nachbarschaft wird gezeigt</translation>
    </message>
    <message>
        <source>Show all (Shift+F)</source>
        <translation>Alles zeigen (Umschalt+F)</translation>
    </message>
    <message>
        <source>Colour scale: logarithmic</source>
        <translation>Farbskala: logarithmisch</translation>
    </message>
    <message>
        <source>Colour scale: clip the largest twentieth</source>
        <translation>Farbskala: größtes Zwanzigstel abschneiden</translation>
    </message>
    <message>
        <source>Tells small numbers apart: each shade is a multiple of the one before</source>
        <translation>Unterscheidet kleine Zahlen: Jeder Farbton ist ein Vielfaches des vorigen</translation>
    </message>
    <message>
        <source>The scale ends where all but a few are, so that these few do not make the others look alike</source>
        <translation>Die Skala endet, wo fast alle liegen, damit die wenigen größten die anderen nicht gleich aussehen lassen</translation>
    </message>
</context>
<context>
    <name>alpa::app::HistoryPanel</name>
    <message>
        <source>History of edits</source>
        <translation>Verlauf der Änderungen</translation>
    </message>
    <message>
        <source>As opened</source>
        <translation>Wie geöffnet</translation>
    </message>
    <message>
        <source>No edits yet</source>
        <translation>Noch keine Änderungen</translation>
    </message>
    <message>
        <source>Every constraint that you set or change is kept here, and a click goes back to before it, with its plan.</source>
        <translation>Jede Bedingung, die Sie setzen oder ändern, steht hier; ein Klick geht zurück vor sie, samt Plan.</translation>
    </message>
    <message>
        <source>Set a constraint</source>
        <translation>Eine Bedingung setzen</translation>
    </message>
</context>
<context>
    <name>alpa::app::ImportDialog</name>
    <message>
        <source>Open %1</source>
        <translation>%1 öffnen</translation>
    </message>
    <message>
        <source>Size of %1</source>
        <translation>Größe von %1</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>Verlust</translation>
    </message>
    <message>
        <source>The model has one</source>
        <translation>Das Modell hat einen</translation>
    </message>
    <message>
        <source>Mean of the output</source>
        <translation>Mittel der Ausgabe</translation>
    </message>
    <message>
        <source>Mean square against a target</source>
        <translation>Mittleres Quadrat gegen ein Ziel</translation>
    </message>
    <message>
        <source>Cross-entropy against labels</source>
        <translation>Kreuzentropie gegen Labels</translation>
    </message>
    <message>
        <source>&amp;Loss</source>
        <translation>Ver&amp;lust</translation>
    </message>
    <message>
        <source>This model computes an output, but no loss: training needs one.</source>
        <translation>Dieses Modell berechnet eine Ausgabe, aber keinen Verlust: Training braucht einen.</translation>
    </message>
    <message>
        <source>This file leaves sizes open. A plan is for definite sizes; the global batch can be changed later.</source>
        <translation>Diese Datei lässt Größen offen. Ein Plan gilt für bestimmte Größen; der globale Batch lässt sich später ändern.</translation>
    </message>
    <message>
        <source>The model is read again with these choices, and planned anew.</source>
        <translation>Das Modell wird mit diesen Angaben noch einmal gelesen und neu geplant.</translation>
    </message>
    <message>
        <source>File of rules</source>
        <translation>Datei mit Regeln</translation>
    </message>
    <message>
        <source>none: unknown operations stay whole on every device</source>
        <translation>keine: unbekannte Operationen bleiben ganz auf jedem Gerät</translation>
    </message>
    <message>
        <source>JSON that says how operations that nobody knows may be split:
{&quot;rules&quot;: [{&quot;op&quot;: &quot;stablehlo.custom_call @name*&quot;, &quot;rule&quot;: &quot;([b, s], [s]) -&gt; ([b, s]) blocked {s}&quot;, &quot;flops&quot;: &quot;2*b*s&quot;}]}</source>
        <translation>JSON, das sagt, wie Operationen geteilt werden dürfen, die niemand kennt:
{&quot;rules&quot;: [{&quot;op&quot;: &quot;stablehlo.custom_call @name*&quot;, &quot;rule&quot;: &quot;([b, s], [s]) -&gt; ([b, s]) blocked {s}&quot;, &quot;flops&quot;: &quot;2*b*s&quot;}]}</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>Wählen…</translation>
    </message>
    <message>
        <source>&amp;Rules</source>
        <translation>&amp;Regeln</translation>
    </message>
    <message>
        <source>Rules for unknown operations</source>
        <translation>Regeln für unbekannte Operationen</translation>
    </message>
    <message>
        <source>Rules (*.json);;All files (*)</source>
        <translation>Regeln (*.json);;Alle Dateien (*)</translation>
    </message>
</context>
<context>
    <name>alpa::app::Inspector</name>
    <message>
        <source>Alternatives of the decision</source>
        <translation>Andere Möglichkeiten der Entscheidung</translation>
    </message>
    <message>
        <source>Why this sharding</source>
        <translation>Warum diese Aufteilung</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>Festlegen</translation>
    </message>
    <message>
        <source>Keep the selected sharding in every following plan</source>
        <translation>Die gewählte Aufteilung in allen folgenden Plänen behalten</translation>
    </message>
    <message>
        <source>Forbid</source>
        <translation>Verbieten</translation>
    </message>
    <message>
        <source>Never take the selected sharding in following plans</source>
        <translation>Die gewählte Aufteilung in folgenden Plänen nie nehmen</translation>
    </message>
    <message>
        <source>Why?</source>
        <translation>Warum?</translation>
    </message>
    <message>
        <source>Every strategy with its terms, and what the step would take with all else chosen anew</source>
        <translation>Jede Strategie mit ihren Anteilen, und was der Schritt brauchte, wenn alles andere neu gewählt würde</translation>
    </message>
    <message>
        <source>Nothing selected</source>
        <translation>Nichts ausgewählt</translation>
    </message>
    <message>
        <source>Select a layer, operation, tensor or stage to see its shardings and why they were chosen.</source>
        <translation>Eine Schicht, Operation, Stufe oder einen Tensor wählen, um Aufteilungen zu sehen und warum sie gewählt wurden.</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>Parameter</translation>
    </message>
    <message>
        <source>Operations</source>
        <translation>Operationen</translation>
    </message>
    <message>
        <source>Batch in the file</source>
        <translation>Batch in der Datei</translation>
    </message>
    <message>
        <source>Cluster</source>
        <translation>Cluster</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>%1 × %2 %3</source>
        <translation>%1 × %2 %3</translation>
    </message>
    <message>
        <source>Memory each</source>
        <translation>Speicher je</translation>
    </message>
    <message>
        <source>Link within host</source>
        <translation>Verbindung im Rechner</translation>
    </message>
    <message>
        <source>%1/s</source>
        <translation>%1/s</translation>
    </message>
    <message>
        <source>Link between hosts</source>
        <translation>Verbindung zwischen Rechnern</translation>
    </message>
    <message>
        <source>Select a layer, operation, tensor or stage for its shardings and alternatives.</source>
        <translation>Eine Schicht, Operation, Stufe oder einen Tensor wählen: ihre Aufteilungen und was sonst möglich wäre.</translation>
    </message>
    <message>
        <source>Operation, %1</source>
        <translation>Operation, %1</translation>
    </message>
    <message>
        <source>Layer</source>
        <translation>Schicht</translation>
    </message>
    <message>
        <source>Stage</source>
        <translation>Stufe</translation>
    </message>
    <message>
        <source>Line of the file</source>
        <translation>Zeile der Datei</translation>
    </message>
    <message>
        <source>Operands</source>
        <translation>Operanden</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>Ergebnis</translation>
    </message>
    <message>
        <source>Data moved before it</source>
        <translation>Davor bewegte Daten</translation>
    </message>
    <message>
        <source>Tensor</source>
        <translation>Tensor</translation>
    </message>
    <message>
        <source>Parameter</source>
        <translation>Parameter</translation>
    </message>
    <message>
        <source>Batch input</source>
        <translation>Batch-Eingabe</translation>
    </message>
    <message>
        <source>Optimizer state</source>
        <translation>Optimiererzustand</translation>
    </message>
    <message>
        <source>result of %1</source>
        <translation>Ergebnis von %1</translation>
    </message>
    <message>
        <source>Elements</source>
        <translation>Elemente</translation>
    </message>
    <message>
        <source>Stored as</source>
        <translation>Gespeichert als</translation>
    </message>
    <message>
        <source>Produced as</source>
        <translation>Entsteht als</translation>
    </message>
    <message>
        <source>Read by %1</source>
        <translation>Gelesen von %1</translation>
    </message>
    <message>
        <source>operation</source>
        <translation>Operation</translation>
    </message>
    <message>
        <source>operations</source>
        <translation>Operationen</translation>
    </message>
    <message>
        <source>Layer %1</source>
        <translation>Schicht %1</translation>
    </message>
    <message>
        <source>Compute, one microbatch</source>
        <translation>Rechnen, ein Mikrobatch</translation>
    </message>
    <message>
        <source>%1 forward, %2 backward, %3 update</source>
        <translation>%1 vorwärts, %2 rückwärts, %3 Aktualisierung</translation>
    </message>
    <message>
        <source>Collectives</source>
        <translation>Kollektive</translation>
    </message>
    <message>
        <source>%1, %2 a microbatch</source>
        <translation>%1, %2 je Mikrobatch</translation>
    </message>
    <message>
        <source>Weights, as stored</source>
        <translation>Gewichte, wie gespeichert</translation>
    </message>
    <message>
        <source>Output</source>
        <translation>Ausgabe</translation>
    </message>
    <message>
        <source>Stage %1</source>
        <translation>Stufe %1</translation>
    </message>
    <message>
        <source>Mesh</source>
        <translation>Netz</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>Schichten</translation>
    </message>
    <message>
        <source>%1 to %2</source>
        <translation>%1 bis %2</translation>
    </message>
    <message>
        <source>Time of one microbatch</source>
        <translation>Zeit eines Mikrobatches</translation>
    </message>
    <message>
        <source>Forward compute</source>
        <translation>Rechnen vorwärts</translation>
    </message>
    <message>
        <source>Forward collectives</source>
        <translation>Kollektive vorwärts</translation>
    </message>
    <message>
        <source>Backward compute</source>
        <translation>Rechnen rückwärts</translation>
    </message>
    <message>
        <source>Backward collectives</source>
        <translation>Kollektive rückwärts</translation>
    </message>
    <message>
        <source>Receive</source>
        <translation>Empfangen</translation>
    </message>
    <message>
        <source>Once a step</source>
        <translation>Einmal je Schritt</translation>
    </message>
    <message>
        <source>Gradient synchronisation</source>
        <translation>Gradientenabgleich</translation>
    </message>
    <message>
        <source>Update</source>
        <translation>Aktualisierung</translation>
    </message>
    <message>
        <source>Memory per device</source>
        <translation>Speicher je Gerät</translation>
    </message>
    <message>
        <source>Total</source>
        <translation>Gesamt</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 von %2</translation>
    </message>
    <message>
        <source>Microbatches in flight</source>
        <translation>Mikrobatches unterwegs</translation>
    </message>
    <message>
        <source>Proof</source>
        <translation>Beweis</translation>
    </message>
    <message>
        <source>Decisions</source>
        <translation>Entscheidungen</translation>
    </message>
    <message>
        <source>%1, with %2 strategies</source>
        <translation>%1, mit %2 Strategien</translation>
    </message>
    <message>
        <source>Objective</source>
        <translation>Ziel</translation>
    </message>
    <message>
        <source>Lower bound</source>
        <translation>Untere Schranke</translation>
    </message>
    <message>
        <source>proven optimal</source>
        <translation>bewiesen optimal</translation>
    </message>
    <message>
        <source>gap %1</source>
        <translation>Lücke %1</translation>
    </message>
    <message>
        <source>Method</source>
        <translation>Verfahren</translation>
    </message>
    <message>
        <source>Memory binds here: with more of it the stage would be faster.</source>
        <translation>Hier begrenzt der Speicher: mit mehr davon wäre die Stufe schneller.</translation>
    </message>
    <message>
        <source>Scope</source>
        <translation>Bereich</translation>
    </message>
    <message>
        <source>Its sharding follows from a neighbour&apos;s; there was nothing to decide.</source>
        <translation>Seine Aufteilung folgt aus der eines Nachbarn; hier war nichts zu entscheiden.</translation>
    </message>
    <message>
        <source>possible sharding</source>
        <translation>mögliche Aufteilung</translation>
    </message>
    <message>
        <source>possible shardings</source>
        <translation>mögliche Aufteilungen</translation>
    </message>
    <message>
        <source>Memory binds on this stage.</source>
        <translation>Der Speicher begrenzt diese Stufe.</translation>
    </message>
    <message>
        <source>Memory does not bind on this stage.</source>
        <translation>Der Speicher begrenzt diese Stufe nicht.</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>Device %1</source>
        <translation>Gerät %1</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>Art</translation>
    </message>
    <message>
        <source>Host</source>
        <translation>Rechner</translation>
    </message>
    <message>
        <source>This plan leaves the device idle.</source>
        <translation>Dieser Plan lässt das Gerät untätig.</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>Sends along %1</source>
        <translation>Sendet entlang %1</translation>
    </message>
    <message>
        <source>%1 a step, %2</source>
        <translation>%1 je Schritt, %2</translation>
    </message>
    <message>
        <source>Collective</source>
        <translation>Kollektiv</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>In a step</source>
        <translation>In einem Schritt</translation>
    </message>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
    <message>
        <source>time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>times</source>
        <translation>mal</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>Vorher</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>Schritte</translation>
    </message>
    <message>
        <source>Tensor, before it</source>
        <translation>Tensor, davor</translation>
    </message>
    <message>
        <source>Tensor, after it</source>
        <translation>Tensor, danach</translation>
    </message>
    <message>
        <source>Select the operation to see what else could have been chosen.</source>
        <translation>Die Operation wählen, um zu sehen, was sonst möglich war.</translation>
    </message>
    <message>
        <source>Drag an axis to another dimension, or out, to pin that sharding</source>
        <translation>Eine Achse auf eine andere Dimension oder hinaus ziehen legt diese Aufteilung fest</translation>
    </message>
    <message>
        <source>The times are what the step would take longer with all else chosen anew.</source>
        <translation>Die Zeiten sagen, wie viel länger der Schritt dauerte, wenn alles andere neu gewählt wird.</translation>
    </message>
    <message>
        <source>The times are what the step would take longer if only this decision changed.</source>
        <translation>Die Zeiten sagen, wie viel länger der Schritt dauerte, wenn nur diese Entscheidung anders wäre.</translation>
    </message>
    <message>
        <source>%1: %2. %3 %4</source>
        <translation>%1: %2. %3 %4</translation>
    </message>
    <message>
        <source>Several</source>
        <translation>Mehreres</translation>
    </message>
    <message>
        <source>%1 selected</source>
        <translation>%1 ausgewählt</translation>
    </message>
    <message>
        <source>thing</source>
        <translation>Ding</translation>
    </message>
    <message>
        <source>things</source>
        <translation>Dinge</translation>
    </message>
    <message>
        <source>Results, one microbatch</source>
        <translation>Ergebnisse, ein Mikrobatch</translation>
    </message>
    <message>
        <source>Of one device</source>
        <translation>Eines Geräts</translation>
    </message>
    <message>
        <source>Time of computing</source>
        <translation>Rechenzeit</translation>
    </message>
    <message>
        <source>Memory of results</source>
        <translation>Speicher der Ergebnisse</translation>
    </message>
    <message>
        <source>Memory of parameters</source>
        <translation>Speicher der Parameter</translation>
    </message>
    <message>
        <source>Ctrl+click in the graph adds and takes away, Shift+drag takes what is in the frame.</source>
        <translation>Strg+Klick im Graphen nimmt hinzu und weg, Umschalt+Ziehen nimmt, was im Rahmen liegt.</translation>
    </message>
    <message>
        <source>Find something to select (Ctrl+F)</source>
        <translation>Etwas zum Auswählen finden (Strg+F)</translation>
    </message>
    <message>
        <source>No constraint names this decision: it follows from a parameter or an operation, or from how the optimizer&apos;s state is kept</source>
        <translation>Keine Bedingung nennt diese Entscheidung: sie folgt aus einem Parameter oder einer Operation oder daraus, wie der Zustand des Optimierers liegt</translation>
    </message>
</context>
<context>
    <name>alpa::app::JobBar</name>
    <message>
        <source>Progress of what runs in the background</source>
        <translation>Fortschritt dessen, was im Hintergrund läuft</translation>
    </message>
    <message>
        <source>Cancel (Esc)</source>
        <translation>Abbrechen (Esc)</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source> (+%1)</source>
        <translation> (+%1)</translation>
    </message>
</context>
<context>
    <name>alpa::app::JobsPanel</name>
    <message>
        <source>Nothing is running</source>
        <translation>Nichts läuft</translation>
    </message>
    <message>
        <source>Imports, plans and runs show their progress here and can be cancelled.</source>
        <translation>Einlesen, Planen und Läufe zeigen hier ihren Fortschritt und lassen sich abbrechen.</translation>
    </message>
    <message>
        <source>Progress of %1</source>
        <translation>Fortschritt von %1</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Cancel %1</source>
        <translation>%1 abbrechen</translation>
    </message>
    <message>
        <source>cancelling</source>
        <translation>breche ab</translation>
    </message>
    <message>
        <source>%1 · %2 s</source>
        <translation>%1 · %2 s</translation>
    </message>
</context>
<context>
    <name>alpa::app::KeysDialog</name>
    <message>
        <source>Keys</source>
        <translation>Tasten</translation>
    </message>
    <message>
        <source>Change</source>
        <translation>Ändern</translation>
    </message>
    <message>
        <source>Usual keys</source>
        <translation>Übliche Tasten</translation>
    </message>
    <message>
        <source>Find a command or a key</source>
        <translation>Befehl oder Taste suchen</translation>
    </message>
    <message>
        <source>Commands and their keys</source>
        <translation>Befehle und ihre Tasten</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>Befehl</translation>
    </message>
    <message>
        <source>New keys of the command</source>
        <translation>Neue Tasten des Befehls</translation>
    </message>
    <message>
        <source>In one view</source>
        <translation>In einer Ansicht</translation>
    </message>
    <message>
        <source>Choose a command to give it other keys.</source>
        <translation>Einen Befehl wählen, um ihm andere Tasten zu geben.</translation>
    </message>
    <message>
        <source>Keys of “%1”: press them in the field, then Change.</source>
        <translation>Tasten von „%1“: im Feld drücken, dann Ändern.</translation>
    </message>
    <message>
        <source>%1 is taken by “%2”.</source>
        <translation>%1 gehört schon zu „%2“.</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <comment>menu: command</comment>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>%1 (%2)</source>
        <comment>command (where)</comment>
        <translation>%1 (%2)</translation>
    </message>
</context>
<context>
    <name>alpa::app::LineChart</name>
    <message>
        <source>no steps yet</source>
        <translation>noch keine Schritte</translation>
    </message>
    <message>
        <source>step 0</source>
        <translation>Schritt 0</translation>
    </message>
    <message>
        <source>step %1</source>
        <translation>Schritt %1</translation>
    </message>
</context>
<context>
    <name>alpa::app::LogDialog</name>
    <message>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Nothing has been written down yet.</source>
        <translation>Noch ist nichts aufgeschrieben.</translation>
    </message>
    <message>
        <source>The newest entries of %1</source>
        <translation>Die neuesten Einträge von %1</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>Ordner öffnen</translation>
    </message>
</context>
<context>
    <name>alpa::app::MainWindow</name>
    <message>
        <source>Alpa Explorer</source>
        <translation>Alpa Explorer</translation>
    </message>
    <message>
        <source>Not opened: %1</source>
        <translation>Nicht geöffnet: %1</translation>
    </message>
    <message>
        <source>Not planned: %1</source>
        <translation>Nicht geplant: %1</translation>
    </message>
    <message>
        <source>Overview</source>
        <translation>Überblick</translation>
    </message>
    <message>
        <source>Graph</source>
        <translation>Graph</translation>
    </message>
    <message>
        <source>Pipeline</source>
        <translation>Pipeline</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>Vergleich</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>Läufe</translation>
    </message>
    <message>
        <source>Opening %1…</source>
        <translation>Öffne %1…</translation>
    </message>
    <message>
        <source>Open a model, plan or session</source>
        <translation>Ein Modell, einen Plan oder eine Sitzung öffnen</translation>
    </message>
    <message>
        <source>Models, plans and sessions (*.mlir *.hlo *.onnx *.txt *.gz *.json *.apsess);;All files (*)</source>
        <translation>Modelle, Pläne und Sitzungen (*.mlir *.hlo *.onnx *.txt *.gz *.json *.apsess);;Alle Dateien (*)</translation>
    </message>
    <message>
        <source>Save plan</source>
        <translation>Plan sichern</translation>
    </message>
    <message>
        <source>Plans (*.json)</source>
        <translation>Pläne (*.json)</translation>
    </message>
    <message>
        <source>Saved %1</source>
        <translation>%1 gesichert</translation>
    </message>
    <message>
        <source>Not saved: %1</source>
        <translation>Nicht gesichert: %1</translation>
    </message>
    <message>
        <source>Not planned: the file leaves open what a training step needs; Open asks again</source>
        <translation>Nicht geplant: die Datei lässt offen, was ein Trainingsschritt braucht; Öffnen fragt noch einmal</translation>
    </message>
    <message>
        <source>The real cluster</source>
        <translation>Der wirkliche Cluster</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>&amp;Datei</translation>
    </message>
    <message>
        <source>&amp;Open…</source>
        <translation>Ö&amp;ffnen…</translation>
    </message>
    <message>
        <source>&amp;Save session</source>
        <translation>Sitzung &amp;sichern</translation>
    </message>
    <message>
        <source>Save session &amp;as…</source>
        <translation>Sitzung sichern &amp;als…</translation>
    </message>
    <message>
        <source>Save &amp;plan…</source>
        <translation>&amp;Plan sichern…</translation>
    </message>
    <message>
        <source>&amp;Export page…</source>
        <translation>Seite &amp;exportieren…</translation>
    </message>
    <message>
        <source>Export session as &amp;HTML report…</source>
        <translation>Sitzung als &amp;HTML-Bericht exportieren…</translation>
    </message>
    <message>
        <source>Export plan &amp;for</source>
        <translation>Plan exportieren &amp;für</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>&amp;Beenden</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>&amp;Bearbeiten</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Rückgängig</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>Wiederholen</translation>
    </message>
    <message>
        <source>&amp;Copy page as picture</source>
        <translation>Seite als Bild &amp;kopieren</translation>
    </message>
    <message>
        <source>&amp;Find…</source>
        <translation>&amp;Suchen…</translation>
    </message>
    <message>
        <source>&amp;Commands…</source>
        <translation>&amp;Befehle…</translation>
    </message>
    <message>
        <source>&amp;Plan</source>
        <translation>&amp;Planen</translation>
    </message>
    <message>
        <source>&amp;Stop planning</source>
        <translation>Planung &amp;anhalten</translation>
    </message>
    <message>
        <source>&amp;Replan at once when a constraint changes</source>
        <translation>Bei geänderter Bedingung sofort &amp;neu planen</translation>
    </message>
    <message>
        <source>Plan all &amp;baselines</source>
        <translation>Alle &amp;Vergleichspläne planen</translation>
    </message>
    <message>
        <source>&amp;Run</source>
        <translation>&amp;Lauf</translation>
    </message>
    <message>
        <source>&amp;Run on CPU devices</source>
        <translation>Auf CPU-Geräten &amp;laufen lassen</translation>
    </message>
    <message>
        <source>Run &amp;with choices…</source>
        <translation>Lauf mit &amp;Wahl…</translation>
    </message>
    <message>
        <source>&amp;Stop run</source>
        <translation>Lauf an&amp;halten</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Ansicht</translation>
    </message>
    <message>
        <source>Reset layout</source>
        <translation>Anordnung zurücksetzen</translation>
    </message>
    <message>
        <source>Only the page</source>
        <translation>Nur die Seite</translation>
    </message>
    <message>
        <source>Tools</source>
        <translation>Werkzeuge</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Öffnen</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>Plan</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>Lauf</translation>
    </message>
    <message>
        <source>Baselines</source>
        <translation>Vergleichspläne</translation>
    </message>
    <message>
        <source>Find</source>
        <translation>Suchen</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hilfe</translation>
    </message>
    <message>
        <source>60-second &amp;tour</source>
        <translation>Rundgang in 60 &amp;Sekunden</translation>
    </message>
    <message>
        <source>&amp;Glossary</source>
        <translation>&amp;Glossar</translation>
    </message>
    <message>
        <source>&amp;Keys (?)</source>
        <translation>&amp;Tasten (?)</translation>
    </message>
    <message>
        <source>&amp;About</source>
        <translation>&amp;Über</translation>
    </message>
    <message>
        <source>About Alpa Explorer</source>
        <translation>Über Alpa Explorer</translation>
    </message>
    <message>
        <source>Plans how to train a model in parallel on a cluster, shows every decision, lets you change the constraints, and runs and compares plans.

After Alpa (Zheng et al., OSDI 2022): stages by dynamic programming, shardings by integer programming.

Apache-2.0. Made with Qt %1; layouts by Graphviz, in a process of its own. No network is used but for runs over ssh that you start.</source>
        <translation>Plant, wie ein Modell parallel auf einem Cluster zu trainieren ist, zeigt jede Entscheidung, lässt die Bedingungen ändern, und lässt Pläne laufen und vergleicht sie.

Nach Alpa (Zheng et al., OSDI 2022): Stufen durch dynamische Programmierung, Aufteilungen durch ganzzahlige Programmierung.

Apache-2.0. Gemacht mit Qt %1; Anordnungen von Graphviz, in einem eigenen Prozess. Kein Netz wird benutzt außer für Läufe über ssh, die du startest.</translation>
    </message>
    <message>
        <source>What this is</source>
        <translation>Was das ist</translation>
    </message>
    <message>
        <source>You have opened a model. The planner decides how to train it on a cluster: which layers run where, and how every tensor is split. The overview says what comes of it.</source>
        <translation>Du hast ein Modell geöffnet. Der Planer entscheidet, wie es auf einem Cluster trainiert wird: welche Schichten wo laufen und wie jeder Tensor geteilt ist. Der Überblick sagt, was dabei herauskommt.</translation>
    </message>
    <message>
        <source>The graph</source>
        <translation>Der Graph</translation>
    </message>
    <message>
        <source>Boxes are layers; a double-click unfolds one. Each tensor has a strip: one cell a dimension, its letter the mesh axis that splits it, R replicated, P partial sums. Hover anything for words.</source>
        <translation>Kästen sind Schichten; ein Doppelklick faltet eine auf. Jeder Tensor hat einen Streifen: eine Zelle je Dimension, ihr Buchstabe ist die Achse, die sie teilt, R repliziert, P Teilsummen. Zeigen erklärt alles in Worten.</translation>
    </message>
    <message>
        <source>Stages and time</source>
        <translation>Stufen und Zeit</translation>
    </message>
    <message>
        <source>The pipeline: which layers run on which devices, and when. Drag a boundary to begin a stage elsewhere.</source>
        <translation>Die Pipeline: welche Schichten auf welchen Geräten laufen, und wann. Eine Grenze ziehen lässt eine Stufe anderswo beginnen.</translation>
    </message>
    <message>
        <source>What each device holds, at every moment of a step, against what it has.</source>
        <translation>Was jedes Gerät in jedem Augenblick eines Schritts hält, gegen das, was es hat.</translation>
    </message>
    <message>
        <source>Change something</source>
        <translation>Etwas ändern</translation>
    </message>
    <message>
        <source>Limit a degree or the memory here, such as Max TP 2. The new plan comes at once; Ctrl+Z takes back the constraint and the plan. If nothing fits, what clashes is listed with buttons that relax it.</source>
        <translation>Hier einen Grad oder den Speicher begrenzen, etwa Max TP 2. Der neue Plan kommt sofort; Strg+Z nimmt die Bedingung und den Plan zurück. Passt nichts, steht hier, was sich widerspricht, mit Knöpfen, die es lockern.</translation>
    </message>
    <message>
        <source>Why?</source>
        <translation>Warum?</translation>
    </message>
    <message>
        <source>Select an operation: the inspector shows what was chosen and what every alternative would cost.</source>
        <translation>Eine Operation wählen: der Inspektor zeigt, was gewählt wurde und was jede andere Möglichkeit kosten würde.</translation>
    </message>
    <message>
        <source>All plans beside each other, the usual ones made by hand among them (Baselines). The star marks what others are compared with.</source>
        <translation>Alle Pläne nebeneinander, darunter die üblichen von Hand gemachten (Vergleichspläne). Der Stern zeigt, womit die anderen verglichen werden.</translation>
    </message>
    <message>
        <source>Plans run on this machine&apos;s CPU, on GPUs, or on another machine over ssh: measured beside predicted. ? lists all keys, Ctrl+K finds any command.</source>
        <translation>Pläne laufen auf der CPU dieses Rechners, auf GPUs oder über ssh auf einem anderen: gemessen neben vorhergesagt. ? listet alle Tasten, Strg+K findet jeden Befehl.</translation>
    </message>
    <message>
        <source>plan, %1</source>
        <translation>Plan, %1</translation>
    </message>
    <message>
        <source>layer</source>
        <translation>Schicht</translation>
    </message>
    <message>
        <source>operation, %1</source>
        <translation>Operation, %1</translation>
    </message>
    <message>
        <source>Model not found</source>
        <translation>Modell nicht gefunden</translation>
    </message>
    <message>
        <source>%1.

Look for the model elsewhere?</source>
        <translation>%1.

Das Modell anderswo suchen?</translation>
    </message>
    <message>
        <source>The model of this session</source>
        <translation>Das Modell dieser Sitzung</translation>
    </message>
    <message>
        <source>Save session</source>
        <translation>Sitzung sichern</translation>
    </message>
    <message>
        <source>Sessions (*.apsess)</source>
        <translation>Sitzungen (*.apsess)</translation>
    </message>
    <message>
        <source>%1[*] – Alpa Explorer</source>
        <translation>%1[*] – Alpa Explorer</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>Bereit</translation>
    </message>
    <message>
        <source>%1: %2 operations</source>
        <translation>%1: %2 Operationen</translation>
    </message>
    <message>
        <source>%1: %2 predicted, %3</source>
        <translation>%1: %2 vorhergesagt, %3</translation>
    </message>
    <message>
        <source> · not what is asked now</source>
        <translation> · nicht das, was jetzt gefragt ist</translation>
    </message>
    <message>
        <source>Mesh</source>
        <translation>Netz</translation>
    </message>
    <message>
        <source>Program</source>
        <translation>Programm</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>Quelle</translation>
    </message>
    <message>
        <source>Open again &amp;with choices…</source>
        <translation>&amp;Mit Angaben erneut öffnen…</translation>
    </message>
    <message>
        <source>Sizes, loss, and rules for unknown operations</source>
        <translation>Größen, Verlust und Regeln für unbekannte Operationen</translation>
    </message>
    <message>
        <source>Shard as the model &amp;file says</source>
        <translation>Aufteilen wie in der Modell&amp;datei</translation>
    </message>
    <message>
        <source>Take over mhlo.sharding, sdy.sharding or sharding= of the file as constraints</source>
        <translation>mhlo.sharding, sdy.sharding oder sharding= der Datei als Bedingungen übernehmen</translation>
    </message>
    <message>
        <source>Plan like a p&amp;ublished plan…</source>
        <translation>Wie ein &amp;veröffentlichter Plan…</translation>
    </message>
    <message>
        <source>A published plan, Galvatron&apos;s JSON, AutoParallel&apos;s placements or Megatron-LM&apos;s arguments</source>
        <translation>Ein veröffentlichter Plan, JSON von Galvatron, Platzierungen von AutoParallel oder Argumente von Megatron-LM</translation>
    </message>
    <message>
        <source>Auto-replan</source>
        <translation>Neu planen</translation>
    </message>
    <message>
        <source>&amp;Selection</source>
        <translation>&amp;Auswahl</translation>
    </message>
    <message>
        <source>New &amp;constraint…</source>
        <translation>Neue &amp;Bedingung…</translation>
    </message>
    <message>
        <source>Select an operation, tensor, layer or stage first; then C constrains it</source>
        <translation>Erst eine Operation, einen Tensor, eine Schicht oder Stufe auswählen; dann stellt C eine Bedingung</translation>
    </message>
    <message>
        <source>&amp;Why?</source>
        <translation>&amp;Warum?</translation>
    </message>
    <message>
        <source>Select an operation or tensor whose sharding was decided</source>
        <translation>Eine Operation oder einen Tensor auswählen, dessen Teilung entschieden wurde</translation>
    </message>
    <message>
        <source>&amp;Pin its sharding</source>
        <translation>Teilung &amp;festhalten</translation>
    </message>
    <message>
        <source>&amp;Hide in the graph</source>
        <translation>Im Graphen &amp;ausblenden</translation>
    </message>
    <message>
        <source>Show e&amp;verything</source>
        <translation>A&amp;lles zeigen</translation>
    </message>
    <message>
        <source>Make the plan the &amp;baseline</source>
        <translation>Plan zum &amp;Vergleichsplan machen</translation>
    </message>
    <message>
        <source>Select &amp;nothing</source>
        <translation>&amp;Nichts auswählen</translation>
    </message>
    <message>
        <source>&amp;Go</source>
        <translation>&amp;Gehe zu</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Zurück</translation>
    </message>
    <message>
        <source>&amp;Forward</source>
        <translation>&amp;Vor</translation>
    </message>
    <message>
        <source>To the &amp;selection</source>
        <translation>Zur &amp;Auswahl</translation>
    </message>
    <message>
        <source>Show &amp;all</source>
        <translation>A&amp;lles zeigen</translation>
    </message>
    <message>
        <source>Find &amp;next</source>
        <translation>&amp;Weitersuchen</translation>
    </message>
    <message>
        <source>Find &amp;previous</source>
        <translation>&amp;Rückwärts suchen</translation>
    </message>
    <message>
        <source>Ne&amp;xt pane</source>
        <translation>Nä&amp;chster Bereich</translation>
    </message>
    <message>
        <source>P&amp;revious pane</source>
        <translation>Vorheriger &amp;Bereich</translation>
    </message>
    <message>
        <source>%1 has edits that are not saved.</source>
        <translation>%1 hat Änderungen, die nicht gesichert sind.</translation>
    </message>
    <message>
        <source>Discarded edits stay within reach: the start page offers to go on with them.</source>
        <translation>Verworfenes bleibt erreichbar: Die Startseite bietet an, damit weiterzumachen.</translation>
    </message>
    <message>
        <source>Save the session?</source>
        <translation>Sitzung sichern?</translation>
    </message>
    <message>
        <source>step %1 → %2 (%3)</source>
        <translation>Schritt %1 → %2 (%3)</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>Undo (Ctrl+Z)</source>
        <translation>Rückgängig (Strg+Z)</translation>
    </message>
    <message>
        <source>Zoom &amp;in</source>
        <translation>&amp;Vergrößern</translation>
    </message>
    <message>
        <source>Zoom &amp;out</source>
        <translation>Ver&amp;kleinern</translation>
    </message>
    <message>
        <source>&amp;Earlier</source>
        <translation>&amp;Früher</translation>
    </message>
    <message>
        <source>&amp;Later</source>
        <translation>&amp;Später</translation>
    </message>
    <message>
        <source>In the &amp;timeline</source>
        <translation>In der &amp;Zeitleiste</translation>
    </message>
    <message>
        <source>&amp;Log</source>
        <translation>&amp;Protokoll</translation>
    </message>
</context>
<context>
    <name>alpa::app::MemoryChart</name>
    <message>
        <source>parameters</source>
        <translation>Parameter</translation>
    </message>
    <message>
        <source>gradients</source>
        <translation>Gradienten</translation>
    </message>
    <message>
        <source>optimizer state</source>
        <translation>Optimiererzustand</translation>
    </message>
    <message>
        <source>activations</source>
        <translation>Aktivierungen</translation>
    </message>
    <message>
        <source>transient</source>
        <translation>flüchtig</translation>
    </message>
    <message>
        <source>Memory per device of each stage</source>
        <translation>Speicher je Gerät jeder Stufe</translation>
    </message>
    <message>
        <source>Stage %1</source>
        <translation>Stufe %1</translation>
    </message>
    <message>
        <source>limit %1</source>
        <translation>Grenze %1</translation>
    </message>
    <message>
        <source>activations: %1 of each of %2 microbatches in flight</source>
        <translation>Aktivierungen: %1 von jedem der %2 Mikrobatches unterwegs</translation>
    </message>
    <message>
        <source>limit %1, far to the right →</source>
        <translation>Grenze %1, weit rechts →</translation>
    </message>
    <message>
        <source>waiting for weight gradients</source>
        <translation>wartet auf Gewichtsgradienten</translation>
    </message>
</context>
<context>
    <name>alpa::app::MemoryCurve</name>
    <message>
        <source>Memory over one step</source>
        <translation>Speicher über einen Schritt</translation>
    </message>
    <message>
        <source>peak %1</source>
        <translation>Spitze %1</translation>
    </message>
    <message>
        <source>limit %1, far above ↑</source>
        <translation>Grenze %1, weit darüber ↑</translation>
    </message>
    <message>
        <source>limit %1</source>
        <translation>Grenze %1</translation>
    </message>
    <message>
        <source>Stage %1 at %2: %3</source>
        <translation>Stufe %1 bei %2: %3</translation>
    </message>
    <message>
        <source>activations of %1, %2 each</source>
        <translation>Aktivierungen von %1, je %2</translation>
    </message>
    <message>
        <source>microbatch in flight</source>
        <translation>Mikrobatch unterwegs</translation>
    </message>
    <message>
        <source>microbatches in flight</source>
        <translation>Mikrobatches unterwegs</translation>
    </message>
    <message>
        <source>running: %1</source>
        <translation>läuft: %1</translation>
    </message>
</context>
<context>
    <name>alpa::app::MemoryView</name>
    <message>
        <source>Stage</source>
        <translation>Stufe</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>Parameter</translation>
    </message>
    <message>
        <source>Gradients</source>
        <translation>Gradienten</translation>
    </message>
    <message>
        <source>Activations</source>
        <translation>Aktivierungen</translation>
    </message>
    <message>
        <source>Transient</source>
        <translation>Flüchtig</translation>
    </message>
    <message>
        <source>Total</source>
        <translation>Gesamt</translation>
    </message>
    <message>
        <source>No memory figures yet</source>
        <translation>Noch keine Zahlen zum Speicher</translation>
    </message>
    <message>
        <source>What each device must hold appears once there is a plan (F5).</source>
        <translation>Was jedes Gerät halten muss, erscheint, sobald es einen Plan gibt (F5).</translation>
    </message>
    <message>
        <source>Memory of one device of each stage</source>
        <translation>Speicher eines Geräts jeder Stufe</translation>
    </message>
    <message>
        <source>Over the predicted step</source>
        <translation>Über den vorhergesagten Schritt</translation>
    </message>
    <message>
        <source>Stage of the curve</source>
        <translation>Stufe der Kurve</translation>
    </message>
    <message>
        <source>Stage %1</source>
        <translation>Stufe %1</translation>
    </message>
    <message>
        <source>Optimizer</source>
        <translation>Optimierer</translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation>Wartend</translation>
    </message>
    <message>
        <source>Each device of stage %1 holds %2</source>
        <translation>Jedes Gerät von Stufe %1 hält %2</translation>
    </message>
    <message>
        <source>%1 on each device of stage %2: %3</source>
        <translation>%1 auf jedem Gerät von Stufe %2: %3</translation>
    </message>
    <message>
        <source>activations on each device of stage %1: %2 of each of %3 microbatches in flight</source>
        <translation>Aktivierungen auf jedem Gerät von Stufe %1: je %2 von %3 Mikrobatches unterwegs</translation>
    </message>
    <message>
        <source>all on each device of stage %1: %2, %3 of the limit of %4</source>
        <translation>alles auf jedem Gerät von Stufe %1: %2, %3 der Grenze von %4</translation>
    </message>
</context>
<context>
    <name>alpa::app::MeshChart</name>
    <message>
        <source>Devices of the cluster and their links</source>
        <translation>Geräte des Clusters und ihre Verbindungen</translation>
    </message>
    <message>
        <source>idle</source>
        <translation>untätig</translation>
    </message>
    <message>
        <source>S%1</source>
        <translation>S%1</translation>
    </message>
    <message>
        <source>Host %1</source>
        <translation>Rechner %1</translation>
    </message>
    <message>
        <source>Device %1 of host %2</source>
        <translation>Gerät %1 von Rechner %2</translation>
    </message>
    <message>
        <source>idle in this plan</source>
        <translation>in diesem Plan untätig</translation>
    </message>
    <message>
        <source>sends %1 a step along %2 in %3, %4</source>
        <translation>sendet %1 je Schritt entlang %2 in %3, %4</translation>
    </message>
    <message>
        <source>collective</source>
        <translation>Kollektiv</translation>
    </message>
    <message>
        <source>collectives</source>
        <translation>Kollektive</translation>
    </message>
</context>
<context>
    <name>alpa::app::MeshView</name>
    <message>
        <source>Link</source>
        <translation>Verbindung</translation>
    </message>
    <message>
        <source>Collectives</source>
        <translation>Kollektive</translation>
    </message>
    <message>
        <source>Sent by each</source>
        <translation>Gesendet von jedem</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>Collectives of the plan</source>
        <translation>Kollektive des Plans</translation>
    </message>
    <message>
        <source>Links and what they carry in a step</source>
        <translation>Verbindungen und was sie in einem Schritt tragen</translation>
    </message>
    <message>
        <source>Devices and links</source>
        <translation>Geräte und Verbindungen</translation>
    </message>
    <message>
        <source>Links, in one step</source>
        <translation>Verbindungen, in einem Schritt</translation>
    </message>
    <message>
        <source>Collectives, longest first</source>
        <translation>Kollektive, längste zuerst</translation>
    </message>
    <message>
        <source>No mesh yet</source>
        <translation>Noch kein Netz</translation>
    </message>
    <message>
        <source>Devices, links and their traffic appear once there is a plan (F5).</source>
        <translation>Geräte, Verbindungen und ihr Verkehr erscheinen, sobald es einen Plan gibt (F5).</translation>
    </message>
    <message>
        <source>host</source>
        <translation>Rechner</translation>
    </message>
    <message>
        <source>hosts</source>
        <translation>Rechner</translation>
    </message>
    <message>
        <source>across hosts</source>
        <translation>zwischen Rechnern</translation>
    </message>
    <message>
        <source>in a host</source>
        <translation>in einem Rechner</translation>
    </message>
    <message>
        <source>Stage %1, %2 = %3, %4</source>
        <translation>Stufe %1, %2 = %3, %4</translation>
    </message>
    <message>
        <source>Stage %1 to stage %2</source>
        <translation>Stufe %1 zu Stufe %2</translation>
    </message>
    <message>
        <source>%1 in all</source>
        <translation>%1 insgesamt</translation>
    </message>
    <message>
        <source>Nothing moves between devices in this plan</source>
        <translation>In diesem Plan bewegt sich nichts zwischen Geräten</translation>
    </message>
    <message>
        <source>Bandwidth used</source>
        <translation>Bandbreite genutzt</translation>
    </message>
    <message>
        <source>%1: %2 of %3 %4. Lines are as wide as what they carry; x solid, y dashed, between stages dash-dotted. Draw over devices to give them to a stage; right-click a link to limit its axis.</source>
        <translation>%1: %2 mit je %3 %4. Linien sind so breit wie das, was sie tragen; x durchgezogen, y gestrichelt, zwischen Stufen strichpunktiert. Über Geräte ziehen gibt sie einer Stufe; Rechtsklick auf eine Verbindung begrenzt ihre Achse.</translation>
    </message>
    <message>
        <source>No stage of this plan needs one: each device has what it computes with.</source>
        <translation>Keine Stufe dieses Plans braucht eines: jedes Gerät hat, womit es rechnet.</translation>
    </message>
</context>
<context>
    <name>alpa::app::Minimap</name>
    <message>
        <source>Overview of the graph</source>
        <translation>Überblick über den Graphen</translation>
    </message>
    <message>
        <source>The whole graph; click to go there (M hides it)</source>
        <translation>Der ganze Graph; ein Klick führt dorthin (M verbirgt ihn)</translation>
    </message>
</context>
<context>
    <name>alpa::app::ObstacleBanner</name>
    <message>
        <source>No plan meets all of this</source>
        <translation>Kein Plan erfüllt das alles</translation>
    </message>
    <message>
        <source>Planning failed</source>
        <translation>Planen misslungen</translation>
    </message>
    <message>
        <source>Relax</source>
        <translation>Lockern</translation>
    </message>
    <message>
        <source>Relax %1</source>
        <translation>%1 lockern</translation>
    </message>
    <message>
        <source>%1 per device would do.</source>
        <translation>%1 je Gerät würden reichen.</translation>
    </message>
</context>
<context>
    <name>alpa::app::OpsLevel</name>
    <message>
        <source>result</source>
        <translation>Ergebnis</translation>
    </message>
    <message>
        <source>line %1 of the file</source>
        <translation>Zeile %1 der Datei</translation>
    </message>
    <message>
        <source>%1, from another part of the model</source>
        <translation>%1, aus einem anderen Teil des Modells</translation>
    </message>
    <message>
        <source>elsewhere</source>
        <translation>anderswo</translation>
    </message>
    <message>
        <source>same layer</source>
        <translation>gleiche Schicht</translation>
    </message>
    <message>
        <source>, saved</source>
        <translation>, gesichert</translation>
    </message>
    <message>
        <source>, %1</source>
        <translation>, %1</translation>
    </message>
</context>
<context>
    <name>alpa::app::OutlineModel</name>
    <message>
        <source>%1: %2 operations, %3 parameters</source>
        <translation>%1: %2 Operationen, %3 Parameter</translation>
    </message>
    <message>
        <source>Scope</source>
        <translation>Bereich</translation>
    </message>
    <message>
        <source>Ops</source>
        <translation>Ops</translation>
    </message>
    <message>
        <source>Params</source>
        <translation>Param.</translation>
    </message>
</context>
<context>
    <name>alpa::app::OutlinePanel</name>
    <message>
        <source>Filter scopes and parameters</source>
        <translation>Bereiche und Parameter filtern</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>Leeren</translation>
    </message>
    <message>
        <source>Scopes of the model</source>
        <translation>Bereiche des Modells</translation>
    </message>
    <message>
        <source>No model</source>
        <translation>Kein Modell</translation>
    </message>
    <message>
        <source>Its scopes appear here: Open (Ctrl+O).</source>
        <translation>Seine Bereiche erscheinen hier: Öffnen (Strg+O).</translation>
    </message>
    <message>
        <source>Open… (Ctrl+O)</source>
        <translation>Öffnen… (Strg+O)</translation>
    </message>
</context>
<context>
    <name>alpa::app::Overview</name>
    <message>
        <source>Forward compute</source>
        <translation>Rechnen vorwärts</translation>
    </message>
    <message>
        <source>Backward compute</source>
        <translation>Rechnen rückwärts</translation>
    </message>
    <message>
        <source>Collectives in forward</source>
        <translation>Kollektive vorwärts</translation>
    </message>
    <message>
        <source>Collectives in backward</source>
        <translation>Kollektive rückwärts</translation>
    </message>
    <message>
        <source>Gradient synchronisation</source>
        <translation>Gradientenabgleich</translation>
    </message>
    <message>
        <source>Update</source>
        <translation>Aktualisierung</translation>
    </message>
    <message>
        <source>Idle: filling and draining the pipeline</source>
        <translation>Untätig: Füllen und Leeren der Pipeline</translation>
    </message>
    <message>
        <source>Predicted step</source>
        <translation>Vorhergesagter Schritt</translation>
    </message>
    <message>
        <source>Throughput</source>
        <translation>Durchsatz</translation>
    </message>
    <message>
        <source>Peak memory per device</source>
        <translation>Höchster Speicher je Gerät</translation>
    </message>
    <message>
        <source>Degrees</source>
        <translation>Grade</translation>
    </message>
    <message>
        <source>Pipeline</source>
        <translation>Pipeline</translation>
    </message>
    <message>
        <source>Proof</source>
        <translation>Beweis</translation>
    </message>
    <message>
        <source>Stage</source>
        <translation>Stufe</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>Schichten</translation>
    </message>
    <message>
        <source>Mesh</source>
        <translation>Netz</translation>
    </message>
    <message>
        <source>Forward</source>
        <translation>Vorwärts</translation>
    </message>
    <message>
        <source>Backward</source>
        <translation>Rückwärts</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>Slowest stage, one step</source>
        <translation>Langsamste Stufe, ein Schritt</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>Share</source>
        <translation>Anteil</translation>
    </message>
    <message>
        <source>Costliest layers</source>
        <translation>Teuerste Schichten</translation>
    </message>
    <message>
        <source>Compute</source>
        <translation>Rechnen</translation>
    </message>
    <message>
        <source>Collectives</source>
        <translation>Kollektive</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>Parameter</translation>
    </message>
    <message>
        <source>No plan yet</source>
        <translation>Noch kein Plan</translation>
    </message>
    <message>
        <source>Plan (F5) makes one for the cluster and constraints at the right.</source>
        <translation>Planen (F5) macht einen für den Cluster und die Bedingungen rechts.</translation>
    </message>
    <message>
        <source>Planning… Esc stops it.</source>
        <translation>Plane… Esc hält an.</translation>
    </message>
    <message>
        <source>%1 against %2</source>
        <translation>%1 gegenüber %2</translation>
    </message>
    <message>
        <source>measured %1</source>
        <translation>gemessen %1</translation>
    </message>
    <message>
        <source>planned in %1</source>
        <translation>geplant in %1</translation>
    </message>
    <message>
        <source>%1 /s</source>
        <translation>%1 /s</translation>
    </message>
    <message>
        <source>samples; %1 per device</source>
        <translation>Beispiele; %1 je Gerät</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 von %2</translation>
    </message>
    <message>
        <source>%1 devices</source>
        <translation>%1 Geräte</translation>
    </message>
    <message>
        <source>stage</source>
        <translation>Stufe</translation>
    </message>
    <message>
        <source>stages</source>
        <translation>Stufen</translation>
    </message>
    <message>
        <source>%1, %2 of %3, idle at most %4</source>
        <translation>%1, %2 zu %3, höchstens %4 untätig</translation>
    </message>
    <message>
        <source>microbatch</source>
        <translation>Mikrobatch</translation>
    </message>
    <message>
        <source>microbatches</source>
        <translation>Mikrobatches</translation>
    </message>
    <message>
        <source>%1 sharding decisions</source>
        <translation>%1 Entscheidungen über Aufteilungen</translation>
    </message>
    <message>
        <source>%1 · %2</source>
        <translation>%1 · %2</translation>
    </message>
    <message>
        <source> Planned for %1: %2.</source>
        <translation> Geplant für %1: %2.</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>opens the timeline</source>
        <translation>öffnet die Zeitleiste</translation>
    </message>
    <message>
        <source>opens the runs that measure it</source>
        <translation>öffnet die Läufe, die ihn messen</translation>
    </message>
    <message>
        <source>opens memory by stage</source>
        <translation>öffnet den Speicher je Stufe</translation>
    </message>
    <message>
        <source>opens the mesh</source>
        <translation>öffnet das Netz</translation>
    </message>
    <message>
        <source>opens the stages</source>
        <translation>öffnet die Stufen</translation>
    </message>
    <message>
        <source>opens the comparison with other plans</source>
        <translation>öffnet den Vergleich mit anderen Plänen</translation>
    </message>
    <message>
        <source>Enter or a double click opens the page</source>
        <translation>Enter oder ein Doppelklick öffnet die Seite</translation>
    </message>
    <message>
        <source>%1, %2, batch %3.</source>
        <translation>%1, %2, Batch %3.</translation>
    </message>
    <message>
        <source>%1 parameters</source>
        <translation>%1 Parameter</translation>
    </message>
    <message>
        <source>%1 operations</source>
        <translation>%1 Operationen</translation>
    </message>
    <message>
        <source>problem</source>
        <translation>Problem</translation>
    </message>
    <message>
        <source>problems</source>
        <translation>Probleme</translation>
    </message>
    <message>
        <source>What is asked has none: %1. The constraints at the right say what would do.</source>
        <translation>Was verlangt ist, hat keinen: %1. Die Bedingungen rechts sagen, was genügte.</translation>
    </message>
</context>
<context>
    <name>alpa::app::PinsTable</name>
    <message>
        <source>Pinned and forbidden shardings</source>
        <translation>Feste und verbotene Aufteilungen</translation>
    </message>
    <message>
        <source>Add a pin</source>
        <translation>Festlegung hinzufügen</translation>
    </message>
    <message>
        <source>Remove the selected pins</source>
        <translation>Die gewählten Festlegungen entfernen</translation>
    </message>
    <message>
        <source>Tensors by pattern (block_*.fc.kernel, *fc:dot), specs like {-, y} over data axis x and tensor axis y.</source>
        <translation>Tensoren nach Muster (block_*.fc.kernel, *fc:dot), Aufteilungen wie {-, y} über Datenachse x und Tensorachse y.</translation>
    </message>
    <message>
        <source>Change a pin</source>
        <translation>Festlegung ändern</translation>
    </message>
    <message>
        <source>Remove pins</source>
        <translation>Festlegungen entfernen</translation>
    </message>
</context>
<context>
    <name>alpa::app::PipelineView</name>
    <message>
        <source>… %1 in all</source>
        <translation>… %1 insgesamt</translation>
    </message>
    <message>
        <source>No pipeline yet</source>
        <translation>Noch keine Pipeline</translation>
    </message>
    <message>
        <source>Stages, their devices and the predicted timeline appear once there is a plan (F5).</source>
        <translation>Stufen, ihre Geräte und die vorhergesagte Zeitleiste erscheinen, sobald es einen Plan gibt (F5).</translation>
    </message>
    <message>
        <source>Stages</source>
        <translation>Stufen</translation>
    </message>
    <message>
        <source>Predicted step</source>
        <translation>Vorhergesagter Schritt</translation>
    </message>
    <message>
        <source>Stage %1</source>
        <translation>Stufe %1</translation>
    </message>
    <message>
        <source>mesh %1 · devices %2</source>
        <translation>Netz %1 · Geräte %2</translation>
    </message>
    <message>
        <source>Layers of stage %1</source>
        <translation>Schichten von Stufe %1</translation>
    </message>
    <message>
        <source>%1 of forward and backward</source>
        <translation>%1 für vorwärts und rückwärts</translation>
    </message>
    <message>
        <source>forward %1, backward %2 a microbatch</source>
        <translation>vorwärts %1, rückwärts %2 je Mikrobatch</translation>
    </message>
    <message>
        <source>memory %1 of %2</source>
        <translation>Speicher %1 von %2</translation>
    </message>
    <message>
        <source>Memory of stage %1</source>
        <translation>Speicher von Stufe %1</translation>
    </message>
    <message>
        <source>microbatch</source>
        <translation>Mikrobatch</translation>
    </message>
    <message>
        <source>microbatches</source>
        <translation>Mikrobatches</translation>
    </message>
    <message>
        <source>sample</source>
        <translation>Beispiel</translation>
    </message>
    <message>
        <source>samples</source>
        <translation>Beispiele</translation>
    </message>
    <message>
        <source>Begin stages at layers %1</source>
        <translation>Stufen bei den Schichten %1 beginnen</translation>
    </message>
    <message>
        <source>Open the trace of a run</source>
        <translation>Aufzeichnung eines Laufs öffnen</translation>
    </message>
    <message>
        <source>Traces (*.json);;All files (*)</source>
        <translation>Aufzeichnungen (*.json);;Alle Dateien (*)</translation>
    </message>
    <message>
        <source>no step was recorded in it</source>
        <translation>kein Schritt ist darin aufgezeichnet</translation>
    </message>
    <message>
        <source>Read trace</source>
        <translation>Aufzeichnung lesen</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>whole run</source>
        <translation>ganzer Lauf</translation>
    </message>
    <message>
        <source>step %1</source>
        <translation>Schritt %1</translation>
    </message>
    <message>
        <source>measured %1, predicted %2 (%3)</source>
        <translation>gemessen %1, vorhergesagt %2 (%3)</translation>
    </message>
    <message>
        <source>%1 measured</source>
        <translation>%1 gemessen</translation>
    </message>
    <message>
        <source>segment</source>
        <translation>Abschnitt</translation>
    </message>
    <message>
        <source>segments</source>
        <translation>Abschnitte</translation>
    </message>
    <message>
        <source>Measured step</source>
        <translation>Gemessener Schritt</translation>
    </message>
    <message>
        <source>Which step of the run is laid over the predicted one</source>
        <translation>Welcher Schritt des Laufs über dem vorhergesagten liegt</translation>
    </message>
    <message>
        <source>Open trace…</source>
        <translation>Aufzeichnung öffnen…</translation>
    </message>
    <message>
        <source>Lay a measured run over the prediction: the file that `alpa run --trace` wrote</source>
        <translation>Einen gemessenen Lauf über die Vorhersage legen: die Datei, die `alpa run --trace` schrieb</translation>
    </message>
    <message>
        <source>W S zoom, A D move, F all</source>
        <translation>W S zoomt, A D verschiebt, F alles</translation>
    </message>
    <message>
        <source>%1 schedule, %2 of %3. Step %4, stages idle at most %5. Drag a boundary, or right-click a layer, to begin a stage elsewhere; right-click a stage for its devices.</source>
        <translation>Ablauf %1, %2 zu %3. Schritt %4, Stufen höchstens %5 untätig. Eine Grenze ziehen oder Rechtsklick auf eine Schicht lässt eine Stufe anderswo beginnen; Rechtsklick auf eine Stufe zeigt ihre Geräte.</translation>
    </message>
    <message>
        <source> · %1</source>
        <translation> · %1</translation>
    </message>
    <message>
        <source>instruction</source>
        <translation>Anweisung</translation>
    </message>
    <message>
        <source>instructions</source>
        <translation>Anweisungen</translation>
    </message>
    <message>
        <source>, %1 of another program</source>
        <translation>, %1 aus einem anderen Programm</translation>
    </message>
    <message>
        <source>mesh %1</source>
        <translation>Netz %1</translation>
    </message>
</context>
<context>
    <name>alpa::app::PlanBanner</name>
    <message>
        <source>Best so far %1</source>
        <translation>Bisher bester %1</translation>
    </message>
    <message>
        <source> (%1 against %2)</source>
        <translation> (%1 gegenüber %2)</translation>
    </message>
    <message>
        <source>, proven: none takes less than %1 (gap %2)</source>
        <translation>, bewiesen: keiner braucht weniger als %1 (Lücke %2)</translation>
    </message>
    <message>
        <source>Use best so far</source>
        <translation>Bisher besten nehmen</translation>
    </message>
    <message>
        <source>Plan (F5)</source>
        <translation>Planen (F5)</translation>
    </message>
    <message>
        <source>No plan: %1</source>
        <translation>Kein Plan: %1</translation>
    </message>
    <message>
        <source>Show constraints</source>
        <translation>Bedingungen zeigen</translation>
    </message>
    <message>
        <source>Hypothetical: %1 with %2.</source>
        <translation>Hypothetisch: %1 mit %2.</translation>
    </message>
    <message>
        <source>Back to the real cluster</source>
        <translation>Zurück zum wirklichen Cluster</translation>
    </message>
    <message>
        <source>starting</source>
        <translation>startet</translation>
    </message>
    <message>
        <source>, %1 done</source>
        <translation>, %1 fertig</translation>
    </message>
    <message>
        <source>, %1 s</source>
        <translation>, %1 s</translation>
    </message>
    <message>
        <source> %1 stays in view meanwhile.</source>
        <translation> %1 bleibt solange zu sehen.</translation>
    </message>
    <message>
        <source>Planning: %1%2%3.%4</source>
        <translation>Plane: %1%2%3.%4</translation>
    </message>
    <message>
        <source>Stop (Esc)</source>
        <translation>Anhalten (Esc)</translation>
    </message>
    <message>
        <source>%1 is not the answer to what is asked now.</source>
        <translation>%1 ist nicht die Antwort auf das, was jetzt gefragt ist.</translation>
    </message>
    <message>
        <source> The last planning took %1, so press F5 to plan.</source>
        <translation> Das letzte Planen hat %1 gedauert: F5 plant.</translation>
    </message>
    <message>
        <source>, about %1 left</source>
        <translation>, noch etwa %1</translation>
    </message>
</context>
<context>
    <name>alpa::app::PlanFollower</name>
    <message>
        <source>Not followed: %1</source>
        <translation>Nicht übernommen: %1</translation>
    </message>
    <message>
        <source>As the file says: %1; %2 and %3 sharded so</source>
        <translation>Wie in der Datei: %1; %2 und %3 so aufgeteilt</translation>
    </message>
    <message>
        <source>parameter</source>
        <translation>Parameter</translation>
    </message>
    <message>
        <source>parameters</source>
        <translation>Parameter</translation>
    </message>
    <message>
        <source>operation</source>
        <translation>Operation</translation>
    </message>
    <message>
        <source>operations</source>
        <translation>Operationen</translation>
    </message>
    <message>
        <source>Read the shardings of the file</source>
        <translation>Aufteilungen der Datei lesen</translation>
    </message>
    <message>
        <source>Shard as the file says</source>
        <translation>Aufteilen wie in der Datei</translation>
    </message>
    <message>
        <source>Plan like a published plan</source>
        <translation>Wie ein veröffentlichter Plan</translation>
    </message>
    <message>
        <source>Published plans (*.json *.sh *.txt);;All files (*)</source>
        <translation>Veröffentlichte Pläne (*.json *.sh *.txt);;Alle Dateien (*)</translation>
    </message>
    <message>
        <source>Read the published plan</source>
        <translation>Veröffentlichten Plan lesen</translation>
    </message>
    <message>
        <source>Plan like %1</source>
        <translation>Wie %1 planen</translation>
    </message>
    <message>
        <source>the model file</source>
        <translation>die Modelldatei</translation>
    </message>
</context>
<context>
    <name>alpa::app::PlansModel</name>
    <message>
        <source>optimal</source>
        <translation>optimal</translation>
    </message>
    <message>
        <source>gap %1</source>
        <translation>Lücke %1</translation>
    </message>
    <message>
        <source>%1 to %2</source>
        <translation>%1 bis %2</translation>
    </message>
    <message>
        <source>no plan</source>
        <translation>kein Plan</translation>
    </message>
    <message>
        <source>%1 /s</source>
        <translation>%1 /s</translation>
    </message>
    <message>
        <source>%1 × %2</source>
        <translation>%1 × %2</translation>
    </message>
    <message>
        <source>Click to make this the plan that others are compared with</source>
        <translation>Klicken macht dies zu dem Plan, mit dem andere verglichen werden</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>Plan</translation>
    </message>
    <message>
        <source>Predicted</source>
        <translation>Vorhergesagt</translation>
    </message>
    <message>
        <source>vs ★</source>
        <translation>gegen ★</translation>
    </message>
    <message>
        <source>Measured</source>
        <translation>Gemessen</translation>
    </message>
    <message>
        <source>95 %</source>
        <translation>95 %</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>Samples</source>
        <translation>Beispiele</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>DP·TP·PP</source>
        <translation>DP·TP·PP</translation>
    </message>
    <message>
        <source>Microbatch</source>
        <translation>Mikrobatch</translation>
    </message>
    <message>
        <source>Proof</source>
        <translation>Beweis</translation>
    </message>
    <message>
        <source>Asked for</source>
        <translation>Gefragt</translation>
    </message>
    <message>
        <source>read</source>
        <translation>gelesen</translation>
    </message>
    <message>
        <source>MFU (%)</source>
        <translation>MFU (%)</translation>
    </message>
    <message>
        <source>Sent a step (MiB)</source>
        <translation>Gesendet je Schritt (MiB)</translation>
    </message>
    <message>
        <source>Bubble (%)</source>
        <translation>Leerlauf (%)</translation>
    </message>
    <message>
        <source>Planning (s)</source>
        <translation>Planen (s)</translation>
    </message>
    <message>
        <source>%1 is predicted to take %2 a step, which is %3 samples a second</source>
        <translation>%1 braucht voraussichtlich %2 je Schritt, das sind %3 Beispiele je Sekunde</translation>
    </message>
    <message>
        <source>The step against that of %1</source>
        <translation>Der Schritt gegenüber dem von %1</translation>
    </message>
    <message>
        <source>At the peak of the step the fullest device holds %1</source>
        <translation>Auf der Spitze des Schritts hält das vollste Gerät %1</translation>
    </message>
    <message>
        <source>The batch is split over %1, tensors over %2; the layers are cut into %3</source>
        <translation>Der Batch ist auf %1 geteilt, Tensoren auf %2; die Schichten sind geschnitten in %3</translation>
    </message>
    <message>
        <source>device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>group</source>
        <translation>Gruppe</translation>
    </message>
    <message>
        <source>groups</source>
        <translation>Gruppen</translation>
    </message>
    <message>
        <source>The batch of %1 goes through in %2 of %3</source>
        <translation>Der Batch von %1 läuft durch in %2 von %3</translation>
    </message>
    <message>
        <source>microbatch</source>
        <translation>Mikrobatch</translation>
    </message>
    <message>
        <source>microbatches</source>
        <translation>Mikrobatches</translation>
    </message>
    <message>
        <source>sample</source>
        <translation>Beispiel</translation>
    </message>
    <message>
        <source>samples</source>
        <translation>Beispiele</translation>
    </message>
    <message>
        <source>%1 %: the model&apos;s FLOPs against what all devices could do of its products in the step, without recomputation</source>
        <translation>%1 %: die FLOPs des Modells gegen das, was alle Geräte im Schritt an seinen Produkten leisten könnten, ohne Neuberechnung</translation>
    </message>
    <message>
        <source>%1 MiB are sent by all devices in one step: collectives and transfers between stages</source>
        <translation>%1 MiB senden alle Geräte in einem Schritt: Kollektive und Übertragungen zwischen Stufen</translation>
    </message>
    <message>
        <source>%1 % of the device time of a step is idle</source>
        <translation>%1 % der Gerätezeit eines Schritts sind Leerlauf</translation>
    </message>
    <message>
        <source>%1: whether the solver has proven the shardings of every stage to be the cheapest</source>
        <translation>%1: ob der Löser bewiesen hat, dass die Aufteilungen jeder Stufe die günstigsten sind</translation>
    </message>
    <message>
        <source>The plan was read from a file</source>
        <translation>Der Plan wurde aus einer Datei gelesen</translation>
    </message>
    <message>
        <source>Planning took %1</source>
        <translation>Das Planen dauerte %1</translation>
    </message>
    <message>
        <source>%1 has not been run yet (F6)</source>
        <translation>%1 ist noch nicht gelaufen (F6)</translation>
    </message>
    <message>
        <source>%1 of %2 were measured: their median is %3 and lies between %4 and %5 with 95 % confidence; the prediction is %6 from it</source>
        <translation>%1 in %2 wurden gemessen: ihr Median ist %3 und liegt mit 95 % Sicherheit zwischen %4 und %5; die Vorhersage weicht um %6 davon ab</translation>
    </message>
    <message>
        <source>step</source>
        <translation>Schritt</translation>
    </message>
    <message>
        <source>steps</source>
        <translation>Schritte</translation>
    </message>
    <message>
        <source>run</source>
        <translation>Lauf</translation>
    </message>
    <message>
        <source>runs</source>
        <translation>Läufen</translation>
    </message>
</context>
<context>
    <name>alpa::app::PlansPanel</name>
    <message>
        <source>Plans</source>
        <translation>Pläne</translation>
    </message>
    <message>
        <source>No plans yet</source>
        <translation>Noch keine Pläne</translation>
    </message>
    <message>
        <source>Plan (F5) makes one; every change of a constraint adds another.</source>
        <translation>Planen (F5) macht einen; jede Änderung einer Bedingung fügt einen hinzu.</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>Zeigen</translation>
    </message>
    <message>
        <source>Compare others with it</source>
        <translation>Andere damit vergleichen</translation>
    </message>
    <message>
        <source>Save plan…</source>
        <translation>Plan sichern…</translation>
    </message>
    <message>
        <source>Remove from the list</source>
        <translation>Aus der Liste entfernen</translation>
    </message>
</context>
<context>
    <name>alpa::app::ProblemsModel</name>
    <message>
        <source>Error</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>Warnung</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>Hinweis</translation>
    </message>
    <message>
        <source>line %1, column %2</source>
        <translation>Zeile %1, Spalte %2</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>Art</translation>
    </message>
    <message>
        <source>Place</source>
        <translation>Ort</translation>
    </message>
    <message>
        <source>Problem</source>
        <translation>Problem</translation>
    </message>
</context>
<context>
    <name>alpa::app::ProblemsPanel</name>
    <message>
        <source>Problems</source>
        <translation>Probleme</translation>
    </message>
    <message>
        <source>No problems</source>
        <translation>Keine Probleme</translation>
    </message>
    <message>
        <source>What the importer has to say about a file is listed here, with line and column.</source>
        <translation>Was beim Einlesen einer Datei zu sagen ist, steht hier, mit Zeile und Spalte.</translation>
    </message>
    <message>
        <source>Copy details</source>
        <translation>Einzelheiten kopieren</translation>
    </message>
    <message>
        <source>Show the text of the model</source>
        <translation>Text des Modells zeigen</translation>
    </message>
    <message>
        <source>Open log</source>
        <translation>Protokoll öffnen</translation>
    </message>
</context>
<context>
    <name>alpa::app::ProgramView</name>
    <message>
        <source>No program yet</source>
        <translation>Noch kein Programm</translation>
    </message>
    <message>
        <source>Stage of the program</source>
        <translation>Stufe des Programms</translation>
    </message>
    <message>
        <source>Device of the program</source>
        <translation>Gerät des Programms</translation>
    </message>
    <message>
        <source>Program of the device</source>
        <translation>Programm des Geräts</translation>
    </message>
    <message>
        <source>What each device executes appears once there is a plan (F5).</source>
        <translation>Was jedes Gerät ausführt, erscheint, sobald es einen Plan gibt (F5).</translation>
    </message>
    <message>
        <source>Lowering the plan to device programs…</source>
        <translation>Setze den Plan in Geräteprogramme um…</translation>
    </message>
    <message>
        <source>Lower the plan</source>
        <translation>Plan in Programme umsetzen</translation>
    </message>
    <message>
        <source>This plan cannot be lowered: %1</source>
        <translation>Dieser Plan lässt sich nicht umsetzen: %1</translation>
    </message>
    <message>
        <source>Stage %1</source>
        <translation>Stufe %1</translation>
    </message>
    <message>
        <source>Device %1</source>
        <translation>Gerät %1</translation>
    </message>
    <message>
        <source>%1, %2 move data</source>
        <translation>%1, %2 bewegen Daten</translation>
    </message>
    <message>
        <source>instruction</source>
        <translation>Anweisung</translation>
    </message>
    <message>
        <source>instructions</source>
        <translation>Anweisungen</translation>
    </message>
</context>
<context>
    <name>alpa::app::QuickLimits</name>
    <message>
        <source>TP ≤</source>
        <translation>TP ≤</translation>
    </message>
    <message>
        <source>Most devices that split each tensor (tensor parallelism)</source>
        <translation>Höchstens so viele Geräte teilen jeden Tensor (Tensorparallelität)</translation>
    </message>
    <message>
        <source>PP ≤</source>
        <translation>PP ≤</translation>
    </message>
    <message>
        <source>Most stages that follow each other (pipeline parallelism)</source>
        <translation>Höchstens so viele Stufen folgen aufeinander (Pipelineparallelität)</translation>
    </message>
    <message>
        <source>%1 %2</source>
        <translation>%1 %2</translation>
    </message>
    <message>
        <source>%1 free</source>
        <translation>%1 frei</translation>
    </message>
    <message>
        <source>Memory of a device</source>
        <translation>Speicher eines Geräts</translation>
    </message>
    <message>
        <source>Most memory of a device that a plan may use</source>
        <translation>Höchstens so viel Speicher eines Geräts darf ein Plan nutzen</translation>
    </message>
    <message>
        <source> GiB</source>
        <translation> GiB</translation>
    </message>
    <message>
        <source>Mem ≤</source>
        <translation>Sp. ≤</translation>
    </message>
    <message>
        <source>Memory %1 GiB per device</source>
        <translation>Speicher %1 GiB je Gerät</translation>
    </message>
    <message>
        <source>All of the device&apos;s memory</source>
        <translation>Der ganze Speicher des Geräts</translation>
    </message>
</context>
<context>
    <name>alpa::app::RegretFinder</name>
    <message>
        <source>There is no other way to shard it.</source>
        <translation>Es lässt sich nicht anders teilen.</translation>
    </message>
    <message>
        <source>No other sharding of it has a plan.</source>
        <translation>Keine andere Teilung davon hat einen Plan.</translation>
    </message>
    <message>
        <source>%1 would be as good.</source>
        <translation>%1 wäre ebenso gut.</translation>
    </message>
    <message>
        <source>Next best: %1, which adds %2 to the step with all else chosen anew.</source>
        <translation>Nächstbeste: %1, mit %2 mehr je Schritt, wenn alles andere neu gewählt wird.</translation>
    </message>
</context>
<context>
    <name>alpa::app::RunDialog</name>
    <message>
        <source>Look for devices</source>
        <translation>Geräte suchen</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>Lauf</translation>
    </message>
    <message>
        <source>Plans to run</source>
        <translation>Pläne für den Lauf</translation>
    </message>
    <message>
        <source>This machine</source>
        <translation>Dieser Rechner</translation>
    </message>
    <message>
        <source>Another machine, over ssh</source>
        <translation>Ein anderer Rechner, über ssh</translation>
    </message>
    <message>
        <source>gpu1 or me@10.0.0.7, with a key that needs no password</source>
        <translation>gpu1 oder me@10.0.0.7, mit einem Schlüssel ohne Passwort</translation>
    </message>
    <message>
        <source>Where the program alpa is on that machine</source>
        <translation>Wo das Programm alpa auf jenem Rechner liegt</translation>
    </message>
    <message>
        <source>CPU, one thread a device</source>
        <translation>CPU, ein Thread je Gerät</translation>
    </message>
    <message>
        <source>GPUs</source>
        <translation>GPUs</translation>
    </message>
    <message>
        <source>Each plan so often; several plans take turns (A, B, A, B), so that what slows the machine down meanwhile meets all of them</source>
        <translation>Jeder Plan so oft; mehrere Pläne wechseln sich ab (A, B, A, B), damit alle gleich trifft, was den Rechner bremst</translation>
    </message>
    <message>
        <source>the plan&apos;s</source>
        <translation>die des Plans</translation>
    </message>
    <message>
        <source>&amp;Plans</source>
        <translation>&amp;Pläne</translation>
    </message>
    <message>
        <source>&amp;Where</source>
        <translation>&amp;Wo</translation>
    </message>
    <message>
        <source>&amp;Host</source>
        <translation>&amp;Rechner</translation>
    </message>
    <message>
        <source>P&amp;rogram there</source>
        <translation>P&amp;rogramm dort</translation>
    </message>
    <message>
        <source>&amp;Devices</source>
        <translation>&amp;Geräte</translation>
    </message>
    <message>
        <source>&amp;Steps</source>
        <translation>&amp;Schritte</translation>
    </message>
    <message>
        <source>R&amp;epeats</source>
        <translation>W&amp;iederholungen</translation>
    </message>
    <message>
        <source>&amp;Learning rate</source>
        <translation>&amp;Lernrate</translation>
    </message>
    <message>
        <source>%1 · %2 · predicted %3 on %4</source>
        <translation>%1 · %2 · vorhergesagt %3 auf %4</translation>
    </message>
    <message>
        <source>device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>name the machine first</source>
        <translation>zuerst den Rechner nennen</translation>
    </message>
    <message>
        <source>the program alpa is neither beside this one nor on the search path</source>
        <translation>das Programm alpa liegt weder neben diesem noch im Suchpfad</translation>
    </message>
    <message>
        <source>Looking for devices…</source>
        <translation>Suche Geräte…</translation>
    </message>
    <message>
        <source>cannot start %1: %2</source>
        <translation>%1 startet nicht: %2</translation>
    </message>
    <message>
        <source>it ended with code %1</source>
        <translation>es endete mit Code %1</translation>
    </message>
    <message>
        <source>No answer: %1</source>
        <translation>Keine Antwort: %1</translation>
    </message>
    <message>
        <source>Found %1; no GPU (%2), so runs are on the CPU.</source>
        <translation>%1 gefunden; keine GPU (%2), Läufe sind also auf der CPU.</translation>
    </message>
    <message>
        <source>core</source>
        <translation>Kern</translation>
    </message>
    <message>
        <source>cores</source>
        <translation>Kerne</translation>
    </message>
    <message>
        <source>none is there</source>
        <translation>keine da</translation>
    </message>
    <message>
        <source>Found %1 and %2.</source>
        <translation>%1 und %2 gefunden.</translation>
    </message>
    <message>
        <source>GPU</source>
        <translation>GPU</translation>
    </message>
    <message>
        <source>Not asked yet.</source>
        <translation>Noch nicht gefragt.</translation>
    </message>
    <message>
        <source>Choose a plan.</source>
        <translation>Einen Plan wählen.</translation>
    </message>
    <message>
        <source>The plan is for %1; there are %2.</source>
        <translation>Der Plan ist für %1; es gibt %2.</translation>
    </message>
    <message>
        <source>%1 runs, the plans in turns.</source>
        <translation>%1 Läufe, die Pläne abwechselnd.</translation>
    </message>
    <message>
        <source>Planned for another device than the CPU: times cannot match the prediction.</source>
        <translation>Für ein anderes Gerät als die CPU geplant: Zeiten können nicht zur Vorhersage passen.</translation>
    </message>
</context>
<context>
    <name>alpa::app::RunProcess</name>
    <message>
        <source>cannot start %1: %2</source>
        <translation>%1 startet nicht: %2</translation>
    </message>
    <message>
        <source>in or before its first step</source>
        <translation>in oder vor seinem ersten Schritt</translation>
    </message>
    <message>
        <source>after step %1 of %2</source>
        <translation>nach Schritt %1 von %2</translation>
    </message>
    <message>
        <source>the run was killed or crashed, %1</source>
        <translation>der Lauf wurde beendet oder stürzte ab, %1</translation>
    </message>
    <message>
        <source>the run ended with code %1, %2</source>
        <translation>der Lauf endete mit Code %1, %2</translation>
    </message>
    <message>
        <source>Out of memory: stage %1 needs %2, its device %3 has %4 free of %5.</source>
        <translation>Speicher reicht nicht: Stufe %1 braucht %2, ihr Gerät %3 hat %4 von %5 frei.</translation>
    </message>
</context>
<context>
    <name>alpa::app::RunQueue</name>
    <message>
        <source>Write plan for the run</source>
        <translation>Plan für den Lauf schreiben</translation>
    </message>
    <message>
        <source>the program alpa is neither beside this one nor on the search path</source>
        <translation>das Programm alpa liegt weder neben diesem noch im Suchpfad</translation>
    </message>
</context>
<context>
    <name>alpa::app::RunsView</name>
    <message>
        <source>Run</source>
        <translation>Lauf</translation>
    </message>
    <message>
        <source>Run…</source>
        <translation>Lauf…</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>Verlust</translation>
    </message>
    <message>
        <source>Throughput</source>
        <translation>Durchsatz</translation>
    </message>
    <message>
        <source>Measured step</source>
        <translation>Gemessener Schritt</translation>
    </message>
    <message>
        <source>Predicted step</source>
        <translation>Vorhergesagter Schritt</translation>
    </message>
    <message>
        <source>Memory per device</source>
        <translation>Speicher je Gerät</translation>
    </message>
    <message>
        <source>Step time</source>
        <translation>Schrittzeit</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>Plan</translation>
    </message>
    <message>
        <source>Where</source>
        <translation>Wo</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>Schritte</translation>
    </message>
    <message>
        <source>Measured</source>
        <translation>Gemessen</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>Lernrate</translation>
    </message>
    <message>
        <source>Learning rate of the optimizer</source>
        <translation>Lernrate des Optimierers</translation>
    </message>
    <message>
        <source>Run the shown plan (F6)</source>
        <translation>Den gezeigten Plan laufen lassen (F6)</translation>
    </message>
    <message>
        <source>Several plans in turns, on GPUs, on another machine (Ctrl+F6)</source>
        <translation>Mehrere Pläne abwechselnd, auf GPUs, auf einem anderen Rechner (Strg+F6)</translation>
    </message>
    <message>
        <source>Log of the run</source>
        <translation>Protokoll des Laufs</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>Läufe</translation>
    </message>
    <message>
        <source>What the run prints appears here.</source>
        <translation>Was der Lauf ausgibt, erscheint hier.</translation>
    </message>
    <message>
        <source>Rate</source>
        <translation>Rate</translation>
    </message>
    <message>
        <source>Take out of the queue</source>
        <translation>Aus der Warteschlange nehmen</translation>
    </message>
    <message>
        <source>Stop this run</source>
        <translation>Diesen Lauf anhalten</translation>
    </message>
    <message>
        <source>Copy its steps</source>
        <translation>Schritte kopieren</translation>
    </message>
    <message>
        <source>step	loss	ms	samples/s
</source>
        <translation>Schritt	Verlust	ms	Beispiele/s
</translation>
    </message>
    <message>
        <source>Copy its log</source>
        <translation>Protokoll kopieren</translation>
    </message>
    <message>
        <source>A plan is needed before it can run: Plan (F5).</source>
        <translation>Vor dem Lauf braucht es einen Plan: Planen (F5).</translation>
    </message>
    <message>
        <source>%1 was planned for %2; here it runs on %3 CPU devices of this machine, one thread each, so its times cannot match the prediction. For that, plan for cpu-x%3.</source>
        <translation>%1 wurde für %2 geplant; hier läuft er auf %3 CPU-Geräten dieses Rechners, je ein Thread, seine Zeiten können also nicht zur Vorhersage passen. Dafür für cpu-x%3 planen.</translation>
    </message>
    <message>
        <source>%1 runs on %2 CPU devices of this machine (%3 cores), as a process of its own.</source>
        <translation>%1 läuft auf %2 CPU-Geräten dieses Rechners (%3 Kerne), als eigener Prozess.</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>wartet</translation>
    </message>
    <message>
        <source>starting</source>
        <translation>startet</translation>
    </message>
    <message>
        <source>running, step %1 of %2</source>
        <translation>läuft, Schritt %1 von %2</translation>
    </message>
    <message>
        <source>done</source>
        <translation>fertig</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>angehalten</translation>
    </message>
    <message>
        <source>failed: %1</source>
        <translation>misslungen: %1</translation>
    </message>
    <message>
        <source>%1 on %2</source>
        <translation>%1 auf %2</translation>
    </message>
    <message>
        <source>No run yet.</source>
        <translation>Noch kein Lauf.</translation>
    </message>
    <message>
        <source>Run %1: %2</source>
        <translation>Lauf %1: %2</translation>
    </message>
    <message>
        <source> · %1 waiting</source>
        <translation> · %1 warten</translation>
    </message>
    <message>
        <source>predicted</source>
        <translation>vorhergesagt</translation>
    </message>
    <message>
        <source>step %1, began at %2</source>
        <translation>Schritt %1, begann mit %2</translation>
    </message>
    <message>
        <source>%1 /s</source>
        <translation>%1 /s</translation>
    </message>
    <message>
        <source>%1 against predicted</source>
        <translation>%1 gegenüber der Vorhersage</translation>
    </message>
    <message>
        <source>median without the first</source>
        <translation>Median ohne den ersten</translation>
    </message>
    <message>
        <source>device %1: %2</source>
        <translation>Gerät %1: %2</translation>
    </message>
    <message>
        <source>most of a device; %1 predicted</source>
        <translation>das meiste eines Geräts; %1 vorhergesagt</translation>
    </message>
    <message>
        <source>most of a device</source>
        <translation>das meiste eines Geräts</translation>
    </message>
    <message>
        <source>Run %1</source>
        <translation>Lauf %1</translation>
    </message>
    <message>
        <source>here</source>
        <translation>hier</translation>
    </message>
    <message>
        <source>samples</source>
        <translation>Beispiele</translation>
    </message>
    <message>
        <source>%1/s per device</source>
        <translation>%1/s je Gerät</translation>
    </message>
    <message>
        <source>%1 cores busy</source>
        <translation>%1 Kerne ausgelastet</translation>
    </message>
    <message>
        <source>No runs yet</source>
        <translation>Noch keine Läufe</translation>
    </message>
    <message>
        <source>Loss, step time and memory of each run stand here, measured beside predicted.</source>
        <translation>Verlust, Schrittzeit und Speicher jedes Laufs stehen hier, gemessen neben vorhergesagt.</translation>
    </message>
    <message>
        <source>Run (F6)</source>
        <translation>Ausführen (F6)</translation>
    </message>
    <message>
        <source>, about %1 left</source>
        <translation>, noch etwa %1</translation>
    </message>
</context>
<context>
    <name>alpa::app::Session</name>
    <message>
        <source>Import %1</source>
        <translation>%1 einlesen</translation>
    </message>
    <message>
        <source>%1 could not be read; Problems says why and where</source>
        <translation>%1 war nicht zu lesen; Probleme sagt warum und wo</translation>
    </message>
    <message>
        <source>Open plan</source>
        <translation>Plan öffnen</translation>
    </message>
    <message>
        <source>%1 is a plan of another model</source>
        <translation>%1 ist ein Plan eines anderen Modells</translation>
    </message>
    <message>
        <source>Show %1</source>
        <translation>%1 zeigen</translation>
    </message>
    <message>
        <source>Plan %1 on %2</source>
        <translation>%1 auf %2 planen</translation>
    </message>
    <message>
        <source>Plan baseline %1</source>
        <translation>Vergleichsplan %1 planen</translation>
    </message>
    <message>
        <source>Plan %1 again</source>
        <translation>%1 noch einmal planen</translation>
    </message>
    <message>
        <source>What if %1</source>
        <translation>Was wäre wenn %1</translation>
    </message>
    <message>
        <source>Plan %1</source>
        <translation>Plan %1</translation>
    </message>
    <message>
        <source>%1 is not the file that the session was saved with: its plans are made anew</source>
        <translation>%1 ist nicht die Datei, mit der die Sitzung gesichert wurde: ihre Pläne werden neu gemacht</translation>
    </message>
    <message>
        <source>Take the best plan so far</source>
        <translation>Den bisher besten Plan nehmen</translation>
    </message>
    <message>
        <source>Plan %1, best so far</source>
        <translation>Plan %1, bisher bester</translation>
    </message>
</context>
<context>
    <name>alpa::app::SessionKeeper</name>
    <message>
        <source>Undo %1</source>
        <translation>%1 rückgängig</translation>
    </message>
</context>
<context>
    <name>alpa::app::SessionOffers</name>
    <message>
        <source>Look for unsaved sessions</source>
        <translation>Nach ungesicherten Sitzungen sehen</translation>
    </message>
    <message>
        <source>edit</source>
        <translation>Änderung</translation>
    </message>
    <message>
        <source>edits</source>
        <translation>Änderungen</translation>
    </message>
    <message>
        <source>Restore %1</source>
        <translation>%1 wiederherstellen</translation>
    </message>
    <message>
        <source>%1, the last at %2; the program ended before they were saved</source>
        <translation>%1, die letzte um %2; das Programm endete, bevor sie gesichert waren</translation>
    </message>
    <message>
        <source>Discarded: %1</source>
        <translation>Verworfen: %1</translation>
    </message>
    <message>
        <source>%1, discarded at %2; kept for %3 days</source>
        <translation>%1, verworfen am %2; %3 Tage aufbewahrt</translation>
    </message>
    <message>
        <source>Continue with %1</source>
        <translation>Weiter mit %1</translation>
    </message>
    <message>
        <source>%1 on %2; as the window was closed last</source>
        <translation>%1 auf %2; wie das Fenster zuletzt geschlossen wurde</translation>
    </message>
    <message>
        <source>plan</source>
        <translation>Plan</translation>
    </message>
    <message>
        <source>plans</source>
        <translation>Pläne</translation>
    </message>
</context>
<context>
    <name>alpa::app::ShardingStrip</name>
    <message>
        <source>dimension %1 of %2: split over %3 into %4 parts of %5</source>
        <translation>Dimension %1 mit %2: über %3 in %4 Teile zu %5 geteilt</translation>
    </message>
    <message>
        <source>dimension %1 of %2: split over %3 (one device)</source>
        <translation>Dimension %1 mit %2: über %3 geteilt (ein Gerät)</translation>
    </message>
    <message>
        <source>partial: still to be summed over %1</source>
        <translation>Teilsumme: noch über %1 zu summieren</translation>
    </message>
    <message>
        <source>replicated: every device holds all of it</source>
        <translation>repliziert: jedes Gerät hält alles davon</translation>
    </message>
    <message>
        <source>Left and right choose a dimension; the letter of a mesh axis splits it over that axis, or no more</source>
        <translation>Links und rechts wählen eine Dimension; der Buchstabe einer Netzachse teilt sie über diese Achse, oder nicht mehr</translation>
    </message>
</context>
<context>
    <name>alpa::app::SourceView</name>
    <message>
        <source>No text</source>
        <translation>Kein Text</translation>
    </message>
    <message>
        <source>Text of the model</source>
        <translation>Text des Modells</translation>
    </message>
    <message>
        <source>The text of a model appears here once one is open (Ctrl+O).</source>
        <translation>Der Text eines Modells erscheint hier, sobald eines offen ist (Strg+O).</translation>
    </message>
    <message>
        <source>A plan file holds the graph but not the text it came from. Open the model itself to see it.</source>
        <translation>Eine Plandatei enthält den Graphen, aber nicht den Text, aus dem er kam. Das Modell selbst öffnen, um ihn zu sehen.</translation>
    </message>
    <message>
        <source>%1, %2. Click a line to select its operation.</source>
        <translation>%1, %2. Ein Klick auf eine Zeile wählt ihre Operation.</translation>
    </message>
    <message>
        <source>line</source>
        <translation>Zeile</translation>
    </message>
    <message>
        <source>lines</source>
        <translation>Zeilen</translation>
    </message>
    <message>
        <source>%1, line %2</source>
        <translation>%1, Zeile %2</translation>
    </message>
    <message>
        <source>%1, %2 lines from line %3</source>
        <translation>%1, %2 Zeilen ab Zeile %3</translation>
    </message>
    <message>
        <source>Open… (Ctrl+O)</source>
        <translation>Öffnen… (Strg+O)</translation>
    </message>
</context>
<context>
    <name>alpa::app::SpecsModel</name>
    <message>
        <source>Double-click to change between pin and forbid</source>
        <translation>Doppelklick wechselt zwischen festlegen und verbieten</translation>
    </message>
    <message>
        <source>forbid</source>
        <translation>verbieten</translation>
    </message>
    <message>
        <source>pin</source>
        <translation>festlegen</translation>
    </message>
    <message>
        <source>Rule</source>
        <translation>Regel</translation>
    </message>
    <message>
        <source>Tensors</source>
        <translation>Tensoren</translation>
    </message>
    <message>
        <source>Spec</source>
        <translation>Aufteilung</translation>
    </message>
</context>
<context>
    <name>alpa::app::StageBoundaries</name>
    <message>
        <source>Boundaries of the stages</source>
        <translation>Grenzen der Stufen</translation>
    </message>
    <message>
        <source>Left and right move the current boundary, Tab or Up and Down choose another, Enter plans with it</source>
        <translation>Links und Rechts verschieben die aktuelle Grenze, Tab oder Auf und Ab wählen eine andere, Enter plant damit</translation>
    </message>
    <message>
        <source>Stage %1 begins at layer %2, %3. Drag to begin it elsewhere.</source>
        <translation>Stufe %1 beginnt bei Schicht %2, %3. Ziehen lässt sie anderswo beginnen.</translation>
    </message>
    <message>
        <source>layer %1, %2</source>
        <translation>Schicht %1, %2</translation>
    </message>
    <message>
        <source>layer %1</source>
        <translation>Schicht %1</translation>
    </message>
    <message>
        <source>layers %1–%2</source>
        <translation>Schichten %1–%2</translation>
    </message>
    <message>
        <source>stage %1: %2</source>
        <translation>Stufe %1: %2</translation>
    </message>
</context>
<context>
    <name>alpa::app::StartPage</name>
    <message>
        <source>Alpa Explorer</source>
        <translation>Alpa Explorer</translation>
    </message>
    <message>
        <source>Give it a model: it decides how to train it in parallel on a cluster, shows every decision, and lets you change the constraints and see the new plan at once.</source>
        <translation>Gib ihm ein Modell: es entscheidet, wie es parallel auf einem Cluster zu trainieren ist, zeigt jede Entscheidung, und du änderst die Bedingungen und siehst sofort den neuen Plan.</translation>
    </message>
    <message>
        <source>Open model…</source>
        <translation>Modell öffnen…</translation>
    </message>
    <message>
        <source>60-second tour</source>
        <translation>Rundgang in 60 Sekunden</translation>
    </message>
    <message>
        <source>or drop a model (StableHLO, HLO, ONNX), plan (.json) or session (.apsess) on this window</source>
        <translation>oder ein Modell (StableHLO, HLO, ONNX), einen Plan (.json) oder eine Sitzung (.apsess) auf dieses Fenster ziehen</translation>
    </message>
    <message>
        <source>Samples</source>
        <translation>Beispiele</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>Discard</source>
        <translation>Verwerfen</translation>
    </message>
    <message>
        <source>Recent</source>
        <translation>Zuletzt</translation>
    </message>
    <message>
        <source>Unpin %1</source>
        <translation>%1 nicht mehr festhalten</translation>
    </message>
    <message>
        <source>Keep %1 in this list</source>
        <translation>%1 in dieser Liste behalten</translation>
    </message>
</context>
<context>
    <name>alpa::app::TextPage</name>
    <message>
        <source> … %1 more</source>
        <translation> … %1 weitere</translation>
    </message>
</context>
<context>
    <name>alpa::app::TimelineChart</name>
    <message>
        <source>forward</source>
        <translation>vorwärts</translation>
    </message>
    <message>
        <source>backward</source>
        <translation>rückwärts</translation>
    </message>
    <message>
        <source>weight gradient</source>
        <translation>Gewichtsgradient</translation>
    </message>
    <message>
        <source>gradient sync</source>
        <translation>Gradientenabgleich</translation>
    </message>
    <message>
        <source>update</source>
        <translation>Aktualisierung</translation>
    </message>
    <message>
        <source>hosts %1–%2, %3 devices each</source>
        <translation>Rechner %1–%2, je %3 Geräte</translation>
    </message>
    <message>
        <source>host %1, device %2</source>
        <translation>Rechner %1, Gerät %2</translation>
    </message>
    <message>
        <source>host %1, devices %2–%3</source>
        <translation>Rechner %1, Geräte %2–%3</translation>
    </message>
    <message>
        <source>Stage %1 · %2 · %3</source>
        <translation>Stufe %1 · %2 · %3</translation>
    </message>
    <message>
        <source>Predicted timeline of one step</source>
        <translation>Vorhergesagte Zeitleiste eines Schritts</translation>
    </message>
    <message>
        <source>Stage %1</source>
        <translation>Stufe %1</translation>
    </message>
    <message>
        <source>idle %1</source>
        <translation>untätig %1</translation>
    </message>
    <message>
        <source> of microbatch %1</source>
        <translation> von Mikrobatch %1</translation>
    </message>
    <message>
        <source>Stage %1, %2
%3, from %4 to %5</source>
        <translation>Stufe %1, %2
%3, von %4 bis %5</translation>
    </message>
    <message>
        <source>%1
idle</source>
        <translation>%1
untätig</translation>
    </message>
    <message>
        <source>  measured, %1</source>
        <translation>  gemessen, %1</translation>
    </message>
    <message>
        <source>Stage %1, device %2 of its mesh</source>
        <translation>Stufe %1, Gerät %2 ihres Netzes</translation>
    </message>
    <message>
        <source>%1
measured: nothing ran here</source>
        <translation>%1
gemessen: hier lief nichts</translation>
    </message>
    <message>
        <source>%1, %2 of step %3</source>
        <translation>%1, %2 von Schritt %3</translation>
    </message>
    <message>
        <source>%1
measured %2, predicted %3 (%4)</source>
        <translation>%1
gemessen %2, vorhergesagt %3 (%4)</translation>
    </message>
    <message>
        <source>%1
measured %2, no prediction</source>
        <translation>%1
gemessen %2, keine Vorhersage</translation>
    </message>
    <message>
        <source>Stage %1, device %2 of its mesh, %3 of step %4
instruction %5: %6</source>
        <translation>Stufe %1, Gerät %2 ihres Netzes, %3 von Schritt %4
Anweisung %5: %6</translation>
    </message>
    <message>
        <source>, with %1</source>
        <translation>, mit %1</translation>
    </message>
    <message>
        <source>other instruction</source>
        <translation>weiteren Anweisung</translation>
    </message>
    <message>
        <source>other instructions</source>
        <translation>weiteren Anweisungen</translation>
    </message>
    <message>
        <source>measured: −50 % … +50 %</source>
        <translation>gemessen: −50 % … +50 %</translation>
    </message>
</context>
<context>
    <name>alpa::app::Toast</name>
    <message>
        <source>Take it back</source>
        <translation>Zurücknehmen</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
</context>
<context>
    <name>alpa::app::Tour</name>
    <message>
        <source>Back</source>
        <translation>Zurück</translation>
    </message>
    <message>
        <source>Tour</source>
        <translation>Rundgang</translation>
    </message>
    <message>
        <source>End the tour</source>
        <translation>Rundgang beenden</translation>
    </message>
    <message>
        <source>%1 of %2 · %3</source>
        <translation>%1 von %2 · %3</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>Weiter</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Fertig</translation>
    </message>
</context>
<context>
    <name>alpa::app::WhatIfPanel</name>
    <message>
        <source>Back to the real cluster</source>
        <translation>Zurück zum wirklichen Cluster</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>Bandwidth</source>
        <translation>Bandbreite</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>The real cluster</source>
        <translation>Der wirkliche Cluster</translation>
    </message>
    <message>
        <source>What if: %1</source>
        <translation>Was wäre wenn: %1</translation>
    </message>
    <message>
        <source>× %1</source>
        <translation>× %1</translation>
    </message>
    <message>
        <source>device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>Plans for a cluster that does not exist, to see what it would bring.</source>
        <translation>Plant für einen Cluster, den es nicht gibt, um zu sehen, was er brächte.</translation>
    </message>
    <message>
        <source>Hypothetical: plans are for %1 with %2.</source>
        <translation>Hypothetisch: Pläne sind für %1 mit %2.</translation>
    </message>
</context>
<context>
    <name>alpa::app::WhyDialog</name>
    <message>
        <source>Solving the stage again for every strategy…</source>
        <translation>Löse die Stufe für jede Strategie neu…</translation>
    </message>
    <message>
        <source>Why: %1</source>
        <translation>Warum: %1</translation>
    </message>
    <message>
        <source>Strategies and their terms</source>
        <translation>Strategien und ihre Anteile</translation>
    </message>
    <message>
        <source>Strategy</source>
        <translation>Strategie</translation>
    </message>
    <message>
        <source>Sharding</source>
        <translation>Aufteilung</translation>
    </message>
    <message>
        <source>Compute</source>
        <translation>Rechnen</translation>
    </message>
    <message>
        <source>Reduce</source>
        <translation>Reduktion</translation>
    </message>
    <message>
        <source>In</source>
        <translation>Ein</translation>
    </message>
    <message>
        <source>Out</source>
        <translation>Aus</translation>
    </message>
    <message>
        <source>Once a step</source>
        <translation>Einmal je Schritt</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>Alone</source>
        <translation>Allein</translation>
    </message>
    <message>
        <source>Step time</source>
        <translation>Schrittzeit</translation>
    </message>
    <message>
        <source>Step time added if nothing else changed</source>
        <translation>Zusätzliche Schrittzeit, wenn sich sonst nichts änderte</translation>
    </message>
    <message>
        <source>Step time added with all else of the stage chosen anew</source>
        <translation>Zusätzliche Schrittzeit, wenn alles andere der Stufe neu gewählt würde</translation>
    </message>
    <message>
        <source>Prices of the constraints</source>
        <translation>Preise der Bedingungen</translation>
    </message>
    <message>
        <source>Plan again</source>
        <translation>Neu planen</translation>
    </message>
    <message>
        <source>What differs</source>
        <translation>Was sich unterscheidet</translation>
    </message>
    <message>
        <source>What do the constraints cost?</source>
        <translation>Was kosten die Bedingungen?</translation>
    </message>
    <message>
        <source>Plans again without each constraint in turn, and with 1 GiB more memory</source>
        <translation>Plant ohne jede Bedingung der Reihe nach noch einmal, und mit 1 GiB mehr Speicher</translation>
    </message>
    <message>
        <source>Times of one microbatch unless said otherwise. Step time: added to the step if this strategy were forced and all else of its stage chosen anew.</source>
        <translation>Zeiten eines Mikrobatches, wenn nicht anders gesagt. Schrittzeit: um so viel länger, wenn diese Strategie erzwungen und alles andere der Stufe neu gewählt würde.</translation>
    </message>
    <message>
        <source>Explain %1</source>
        <translation>%1 erklären</translation>
    </message>
    <message>
        <source>Cancelled</source>
        <translation>Abgebrochen</translation>
    </message>
    <message>
        <source> The stage is proven only to a gap, so the differences are bounds.</source>
        <translation> Die Stufe ist nur bis auf eine Lücke bewiesen, die Unterschiede sind also Schranken.</translation>
    </message>
    <message>
        <source> Memory binds on this stage.</source>
        <translation> Der Speicher begrenzt diese Stufe.</translation>
    </message>
    <message>
        <source>impossible</source>
        <translation>unmöglich</translation>
    </message>
    <message>
        <source>chosen</source>
        <translation>gewählt</translation>
    </message>
    <message>
        <source>no plan</source>
        <translation>kein Plan</translation>
    </message>
    <message>
        <source>Planning without each constraint in turn…</source>
        <translation>Plane ohne jede Bedingung der Reihe nach…</translation>
    </message>
    <message>
        <source>Price constraints</source>
        <translation>Bedingungen bepreisen</translation>
    </message>
    <message>
        <source>The step takes %1 as asked. What it would take otherwise:</source>
        <translation>Der Schritt dauert wie gefragt %1. Was er sonst brauchte:</translation>
    </message>
    <message>
        <source>%1 (%2)</source>
        <translation>%1 (%2)</translation>
    </message>
    <message>
        <source>Try it</source>
        <translation>Ausprobieren</translation>
    </message>
    <message>
        <source>Pins the sharding in the selected row and plans again; undo takes it back. Not if the plan has that sharding already, nor for what no constraint names, as optimizer state.</source>
        <translation>Hält die Aufteilung der gewählten Zeile fest und plant neu; Rückgängig nimmt es zurück. Nicht, wenn der Plan sie schon hat, und nicht für das, was keine Bedingung nennt, wie den Zustand des Optimierers.</translation>
    </message>
</context>
<context>
    <name>alpa::app::WindowDocks</name>
    <message>
        <source>Outline</source>
        <translation>Gliederung</translation>
    </message>
    <message>
        <source>Plans</source>
        <translation>Pläne</translation>
    </message>
    <message>
        <source>Constraints</source>
        <translation>Bedingungen</translation>
    </message>
    <message>
        <source>Inspector</source>
        <translation>Inspektor</translation>
    </message>
    <message>
        <source>Problems</source>
        <translation>Probleme</translation>
    </message>
    <message>
        <source>Jobs</source>
        <translation>Aufgaben</translation>
    </message>
    <message>
        <source>History</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>&amp;Workspace</source>
        <translation>&amp;Arbeitsplatz</translation>
    </message>
    <message>
        <source>Explore</source>
        <translation>Erkunden</translation>
    </message>
    <message>
        <source>Tune</source>
        <translation>Abstimmen</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>Vergleich</translation>
    </message>
</context>
<context>
    <name>samples</name>
    <message>
        <source>Three dense layers, 5.3 M parameters. The quick start.</source>
        <translation>Drei dichte Schichten, 5,3 Mio. Parameter. Der schnelle Einstieg.</translation>
    </message>
    <message>
        <source>GPT of two blocks, 118 k parameters. Runs here in milliseconds.</source>
        <translation>GPT mit zwei Blöcken, 118 Tsd. Parameter. Läuft hier in Millisekunden.</translation>
    </message>
    <message>
        <source>GPT-2 small, 12 blocks, 125 M parameters.</source>
        <translation>GPT-2 klein, 12 Blöcke, 125 Mio. Parameter.</translation>
    </message>
    <message>
        <source>GPT of 24 blocks, 1.3 B parameters, on one host of four H200.</source>
        <translation>GPT mit 24 Blöcken, 1,3 Mrd. Parameter, auf einem Rechner mit vier H200.</translation>
    </message>
    <message>
        <source>Llama 3 8B, 32 blocks, on eight hosts of DGX H100.</source>
        <translation>Llama 3 8B, 32 Blöcke, auf acht Rechnern DGX H100.</translation>
    </message>
</context>
</TS>
