<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="ja" sourcelanguage="en">
<context>
    <name>About</name>
    <message>
        <source>About GPT Workbench</source>
        <translation>GPT Workbench について</translation>
    </message>
    <message>
        <source>GPT Workbench</source>
        <translation>GPT Workbench</translation>
    </message>
    <message>
        <source>Train a GPT of your own, and watch it learn.</source>
        <translation>自分だけの GPT を学習させ、その様子を見守りましょう。</translation>
    </message>
    <message>
        <source>Looking at the machine…</source>
        <translation>マシンを調べています…</translation>
    </message>
    <message>
        <source>Copy for a bug report</source>
        <translation>不具合報告用にコピー</translation>
    </message>
    <message>
        <source>Operating system</source>
        <translation>OS</translation>
    </message>
    <message>
        <source>Processor</source>
        <translation>プロセッサ</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>メモリ</translation>
    </message>
    <message>
        <source>Graphics card</source>
        <translation>GPU</translation>
    </message>
    <message>
        <source>NVIDIA driver</source>
        <translation>NVIDIA ドライバー</translation>
    </message>
    <message>
        <source>Trains on</source>
        <translation>学習に使うデバイス</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>デバイス</translation>
    </message>
    <message>
        <source>Copied.</source>
        <translation>コピーしました。</translation>
    </message>
</context>
<context>
    <name>Answer</name>
    <message>
        <source>seed {seed}</source>
        <translation>シード {seed}</translation>
    </message>
    <message>
        <source>Loading {model} …</source>
        <translation>{model} を読み込んでいます…</translation>
    </message>
    <message>
        <source>The answer appears here.</source>
        <translation>回答はここに表示されます。</translation>
    </message>
    <message>
        <source>Answer {number}, by {who}</source>
        <translation>回答 {number} ({who})</translation>
    </message>
    <message>
        <source>Answer {number}</source>
        <translation>回答 {number}</translation>
    </message>
    <message>
        <source>prompt {nats}</source>
        <translation>プロンプト {nats}</translation>
    </message>
    <message>
        <source>answer {nats}</source>
        <translation>回答 {nats}</translation>
    </message>
    <message>
        <source>surprise: {parts}</source>
        <translation>意外さ: {parts}</translation>
    </message>
    <message>
        <source>How much a token of the prompt, then of the answer, surprised the model: nats, as in the loss</source>
        <translation>プロンプトと回答のそれぞれで、1 トークンあたりどれほど意外だったかです。損失と同じく nat で表します</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
</context>
<context>
    <name>AnswerView</name>
    <message>
        <source>Go on from the token at the cursor, which the arrow keys move</source>
        <translation>矢印キーで動かしたカーソル位置のトークンから続ける</translation>
    </message>
    <message>
        <source>In an answer</source>
        <translation>回答の中</translation>
    </message>
    <message>
        <source>{token} was not guessed: it stands where the model begins to read, or before.</source>
        <translation>{token} は予測されていません。モデルが読み始める位置か、それより前にあるためです。</translation>
    </message>
    <message>
        <source>{token} had a probability of {percent}.</source>
        <translation>{token} の確率は {percent} でした。</translation>
    </message>
    <message>
        <source>Click or press Enter to go on from here with a new seed</source>
        <translation>クリックするか Enter を押すと、ここから新しいシードで続けます</translation>
    </message>
    <message>
        <source>end of text</source>
        <translation>テキストの終わり</translation>
    </message>
    <message>
        <source>part of a character</source>
        <translation>文字の一部</translation>
    </message>
</context>
<context>
    <name>AnswerersField</name>
    <message>
        <source>given up</source>
        <translation>削除済み</translation>
    </message>
    <message>
        <source>nobody beside</source>
        <translation>並べない</translation>
    </message>
    <message>
        <source>compare…</source>
        <translation>比較…</translation>
    </message>
    <message>
        <source>model now</source>
        <translation>今のモデル</translation>
    </message>
    <message>
        <source>as it is</source>
        <translation>そのまま</translation>
    </message>
    <message>
        <source>newest</source>
        <translation>最新</translation>
    </message>
    <message>
        <source>followed as they come</source>
        <translation>新しいものに追従</translation>
    </message>
    <message>
        <source>latest</source>
        <translation>最新</translation>
    </message>
    <message>
        <source>best</source>
        <translation>最良</translation>
    </message>
    <message>
        <source>pinned</source>
        <translation>固定</translation>
    </message>
    <message>
        <source>Who answers</source>
        <translation>回答するモデル</translation>
    </message>
    <message>
        <source>Who answers beside</source>
        <translation>並べて回答するモデル</translation>
    </message>
    <message>
        <source>Who answers: the model as it is now, or one of its checkpoints</source>
        <translation>回答するモデル: 今のモデル、またはチェックポイントの 1 つ</translation>
    </message>
    <message>
        <source>Who answers the same prompt beside, with the same seeds, to be compared</source>
        <translation>比較のため、同じプロンプトに同じシードで並べて回答するモデル</translation>
    </message>
</context>
<context>
    <name>Away</name>
    <message>
        <source>The run {name} is training.</source>
        <translation>実行 {name} が学習中です。</translation>
    </message>
    <message>
        <source>GPT Workbench</source>
        <translation>GPT Workbench</translation>
    </message>
    <message>
        <source>The computer is kept from falling asleep while this trains.</source>
        <translation>学習中はコンピュータをスリープさせません。</translation>
    </message>
    <message>
        <source>The computer may fall asleep while this trains, as the settings have it.</source>
        <translation>設定により、学習中でもコンピュータはスリープすることがあります。</translation>
    </message>
    <message>
        <source>The computer may fall asleep while this trains: here, that cannot be held off.</source>
        <translation>学習中にコンピュータがスリープすることがあります。ここではスリープを抑止できません。</translation>
    </message>
    <message>
        <source>{name} needs you</source>
        <translation>{name} の確認が必要です</translation>
    </message>
    <message>
        <source>{name} is trained</source>
        <translation>{name} の学習が完了しました</translation>
    </message>
    <message>
        <source>All {count} steps are done.</source>
        <translation>{count} ステップがすべて終わりました。</translation>
    </message>
    <message>
        <source>Trained: {done}. Failed: {failed}.</source>
        <translation>学習完了: {done}。失敗: {failed}。</translation>
    </message>
    <message>
        <source>The queue is done</source>
        <translation>キューが終わりました</translation>
    </message>
</context>
<context>
    <name>BatchDialog</name>
    <message>
        <source>Waiting for the model …</source>
        <translation>モデルを待っています…</translation>
    </message>
    <message>
        <source>There is no model yet that could read it.</source>
        <translation>読めるモデルがまだありません。</translation>
    </message>
    <message>
        <source>Batch of step {step}</source>
        <translation>ステップ {step} のバッチ</translation>
    </message>
    <message>
        <source>The text that step {step} was trained on, window by window.</source>
        <translation>ステップ {step} の学習に使われたテキストを、ウィンドウごとに示します。</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>ウィンドウ</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>損失</translation>
    </message>
    <message>
        <source>Begins with</source>
        <translation>書き出し</translation>
    </message>
    <message>
        <source>Windows, the hardest first</source>
        <translation>ウィンドウ (難しい順)</translation>
    </message>
    <message>
        <source>Text of the window</source>
        <translation>ウィンドウのテキスト</translation>
    </message>
    <message>
        <source>A window appears here once it is read.</source>
        <translation>読み込まれたウィンドウがここに表示されます。</translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation>停止しました。</translation>
    </message>
    <message>
        <source>Reading window {number} of {count}; training waits meanwhile …</source>
        <translation>{count} 個中 {number} 個目のウィンドウを読んでいます。その間、学習は待っています…</translation>
    </message>
    <message>
        <source>Reading window {number} of {count} …</source>
        <translation>{count} 個中 {number} 個目のウィンドウを読んでいます…</translation>
    </message>
    <message>
        <source>Loss {then} when it was trained on, {now} by the model of step {by}, as shown here.</source>
        <translation>損失は学習時 {then}、ここに示すステップ {by} のモデルでは {now} です。</translation>
    </message>
</context>
<context>
    <name>BitsRow</name>
    <message>
        <source>Bits per byte</source>
        <translation>1 バイトあたりのビット数</translation>
    </message>
    <message>
        <source>Validation in bits per byte of the text, by which runs with other tokenizers compare.</source>
        <translation>テキスト 1 バイトあたりのビット数での検証値です。トークナイザーの異なる実行どうしを比べられます。</translation>
    </message>
    <message>
        <source>Logarithmic axis of bits per byte</source>
        <translation>ビット/バイトの軸を対数にする</translation>
    </message>
    <message>
        <source>bits/byte</source>
        <translation>ビット/バイト</translation>
    </message>
    <message>
        <source>{bits} bits per byte</source>
        <translation>{bits} ビット/バイト</translation>
    </message>
</context>
<context>
    <name>Changeover</name>
    <message>
        <source>{name} is to be opened in the place of the run that trains.</source>
        <translation>学習中の実行に代えて {name} を開きます。</translation>
    </message>
    <message>
        <source>Training is under way</source>
        <translation>学習中です</translation>
    </message>
    <message>
        <source>Stop training and save a checkpoint? You can resume from it at any time.</source>
        <translation>学習を停止してチェックポイントを保存しますか? いつでもそこから再開できます。</translation>
    </message>
    <message>
        <source>Save and stop</source>
        <translation>保存して停止</translation>
    </message>
    <message>
        <source>Go on training</source>
        <translation>学習を続ける</translation>
    </message>
</context>
<context>
    <name>CheckpointsModel</name>
    <message>
        <source>Step</source>
        <translation>ステップ</translation>
    </message>
    <message>
        <source>What it is</source>
        <translation>種類</translation>
    </message>
    <message>
        <source>Saved</source>
        <translation>保存日時</translation>
    </message>
    <message>
        <source>sound</source>
        <translation>正常</translation>
    </message>
    <message>
        <source>damaged</source>
        <translation>破損</translation>
    </message>
    <message>
        <source>latest</source>
        <translation>最新</translation>
    </message>
    <message>
        <source>best</source>
        <translation>最良</translation>
    </message>
    <message>
        <source>★: the best validation loss</source>
        <translation>★: 検証損失が最良</translation>
    </message>
    <message>
        <source>Validation loss</source>
        <translation>検証損失</translation>
    </message>
    <message>
        <source>Training loss of the step</source>
        <translation>そのステップの学習損失</translation>
    </message>
    <message>
        <source>Valid.</source>
        <translation>検証</translation>
    </message>
    <message>
        <source>Train</source>
        <translation>学習</translation>
    </message>
    <message>
        <source>{size}, saved {moment}</source>
        <translation>{size}、保存 {moment}</translation>
    </message>
    <message>
        <source>pinned</source>
        <translation>固定</translation>
    </message>
</context>
<context>
    <name>CheckpointsPanel</name>
    <message>
        <source>Checkpoints</source>
        <translation>チェックポイント</translation>
    </message>
    <message>
        <source>The checkpoints of the open run appear here.</source>
        <translation>開いている実行のチェックポイントがここに表示されます。</translation>
    </message>
    <message>
        <source>Fork</source>
        <translation>分岐</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>固定</translation>
    </message>
    <message>
        <source>Verify</source>
        <translation>検査</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>削除</translation>
    </message>
    <message>
        <source>Make a new run that goes on from this checkpoint, with other settings if you like</source>
        <translation>このチェックポイントから続く新しい実行を作ります。設定も変えられます</translation>
    </message>
    <message>
        <source>Fork the run from this checkpoint</source>
        <translation>このチェックポイントから実行を分岐</translation>
    </message>
    <message>
        <source>Keep this checkpoint, however many come after it</source>
        <translation>後にいくつ保存されても、このチェックポイントを残します</translation>
    </message>
    <message>
        <source>Read all of it and compare it with what was written</source>
        <translation>すべて読み込み、書き込んだ内容と照合します</translation>
    </message>
    <message>
        <source>Delete this checkpoint for good</source>
        <translation>このチェックポイントを完全に削除します</translation>
    </message>
    <message>
        <source>Delete this checkpoint</source>
        <translation>このチェックポイントを削除</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>プロンプト</translation>
    </message>
    <message>
        <source>Let the model of this checkpoint answer prompts</source>
        <translation>このチェックポイントのモデルにプロンプトへ回答させます</translation>
    </message>
    <message>
        <source>Prompt this checkpoint</source>
        <translation>このチェックポイントに質問</translation>
    </message>
    <message>
        <source>Let it answer</source>
        <translation>回答させる</translation>
    </message>
    <message>
        <source>Let it answer beside</source>
        <translation>並べて回答させる</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>書き出す…</translation>
    </message>
    <message>
        <source>Write this checkpoint&apos;s model for Hugging Face transformers</source>
        <translation>このチェックポイントのモデルを Hugging Face transformers 用に書き出します</translation>
    </message>
    <message>
        <source>Export this checkpoint for transformers</source>
        <translation>このチェックポイントを transformers 用に書き出す</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>キャンセル</translation>
    </message>
    <message>
        <source>Cancel the export</source>
        <translation>書き出しをキャンセル</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>書き出し</translation>
    </message>
    <message>
        <source>{size} in all</source>
        <translation>合計 {size}</translation>
    </message>
    <message>
        <source>Unpin</source>
        <translation>固定を解除</translation>
    </message>
    <message>
        <source>Delete step {step} for good?</source>
        <translation>ステップ {step} を完全に削除しますか?</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>残す</translation>
    </message>
    <message>
        <source>Export: choose the folder in which the model&apos;s own is made</source>
        <translation>書き出し: モデルのフォルダを作る場所を選択</translation>
    </message>
    <message>
        <source>Exporting step {step}…</source>
        <translation>ステップ {step} を書き出しています…</translation>
    </message>
    <message>
        <source>The export was cancelled.</source>
        <translation>書き出しをキャンセルしました。</translation>
    </message>
    <message>
        <source>Step {step} was exported to {folder}</source>
        <translation>ステップ {step} を {folder} に書き出しました。</translation>
    </message>
</context>
<context>
    <name>Child</name>
    <message>
        <source>The process ended without a word.</source>
        <translation>プロセスが何も伝えずに終了しました。</translation>
    </message>
</context>
<context>
    <name>ColumnsMenu</name>
    <message>
        <source>Sort &amp;up</source>
        <translation>昇順に並べ替え(&amp;U)</translation>
    </message>
    <message>
        <source>Sort &amp;down</source>
        <translation>降順に並べ替え(&amp;D)</translation>
    </message>
    <message>
        <source>Move &amp;left</source>
        <translation>左へ移動(&amp;L)</translation>
    </message>
    <message>
        <source>Move &amp;right</source>
        <translation>右へ移動(&amp;R)</translation>
    </message>
    <message>
        <source>As &amp;wide as what it holds</source>
        <translation>内容に合わせた幅(&amp;W)</translation>
    </message>
    <message>
        <source>&amp;Hide</source>
        <translation>隠す(&amp;H)</translation>
    </message>
    <message>
        <source>&amp;Add a column</source>
        <translation>列を追加(&amp;A)</translation>
    </message>
</context>
<context>
    <name>CommandPalette</name>
    <message>
        <source>Command palette</source>
        <translation>コマンドパレット</translation>
    </message>
    <message>
        <source>What do you want to do?</source>
        <translation>何をしますか?</translation>
    </message>
    <message>
        <source>Search the commands</source>
        <translation>コマンドを検索</translation>
    </message>
    <message>
        <source>Commands that fit</source>
        <translation>当てはまるコマンド</translation>
    </message>
    <message>
        <source>Nothing here is called that. Try fewer letters.</source>
        <translation>当てはまるものがありません。文字を減らしてみてください。</translation>
    </message>
    <message>
        <source>This cannot be done just now.</source>
        <translation>今は実行できません。</translation>
    </message>
</context>
<context>
    <name>ComparisonModel</name>
    <message>
        <source>Best validation loss</source>
        <translation>最良の検証損失</translation>
    </message>
    <message>
        <source>… in bits per byte</source>
        <translation>… (ビット/バイト)</translation>
    </message>
    <message>
        <source>By the bytes of the text itself, so that runs with different tokenizers compare</source>
        <translation>テキストそのもののバイト数で測るので、トークナイザーの異なる実行どうしも比べられます</translation>
    </message>
    <message>
        <source>Steps done</source>
        <translation>完了ステップ数</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>トークン</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>時間</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>プリセット</translation>
    </message>
    <message>
        <source>Setting</source>
        <translation>設定</translation>
    </message>
</context>
<context>
    <name>Controls</name>
    <message>
        <source>Steps</source>
        <translation>ステップ</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>トークン</translation>
    </message>
    <message>
        <source>Training time</source>
        <translation>学習時間</translation>
    </message>
    <message>
        <source>What runs along the curves</source>
        <translation>曲線の横軸</translation>
    </message>
    <message>
        <source>What the curves run along: steps, tokens trained on, or seconds spent training, without evaluation and pauses.</source>
        <translation>曲線の横軸: ステップ、学習したトークン数、または学習に使った秒数 (検証と一時停止を除く)。</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>対数</translation>
    </message>
    <message>
        <source>Logarithmic axis along the run</source>
        <translation>横軸を対数にする</translation>
    </message>
    <message>
        <source>Smooth {beta}</source>
        <translation>平滑化 {beta}</translation>
    </message>
    <message>
        <source>Not smoothed</source>
        <translation>平滑化なし</translation>
    </message>
    <message>
        <source>Smoothing of the curves</source>
        <translation>曲線の平滑化</translation>
    </message>
    <message>
        <source>How much of its moving average each step keeps; less in the first steps, so that it does not lag. The learning rate and the validation loss are never smoothed.</source>
        <translation>各ステップで移動平均をどれだけ残すか。遅れないように、最初のステップでは少なくします。学習率と検証損失は平滑化しません。</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>表示</translation>
    </message>
    <message>
        <source>Which curves and marks are shown</source>
        <translation>表示する曲線と印</translation>
    </message>
    <message>
        <source>Validation in bits per byte</source>
        <translation>検証 (ビット/バイト)</translation>
    </message>
    <message>
        <source>Loss of guessing, by frequencies alone</source>
        <translation>頻度だけで推測したときの損失</translation>
    </message>
    <message>
        <source>Picture (PNG)…</source>
        <translation>画像 (PNG)…</translation>
    </message>
    <message>
        <source>Drawing (SVG)…</source>
        <translation>図 (SVG)…</translation>
    </message>
    <message>
        <source>Figures (CSV)…</source>
        <translation>数値 (CSV)…</translation>
    </message>
    <message>
        <source>Show the whole run as it grows. The wheel zooms along the run, with Ctrl the height; dragging moves the view, with Shift it draws a box to zoom into, along an axis it stretches; a double click shows all.</source>
        <translation>実行の進みに合わせて全体を表示します。ホイールで横方向、Ctrl+ホイールで縦方向に拡大・縮小します。ドラッグで移動、Shift+ドラッグで囲んだ範囲を拡大、軸のドラッグで伸縮、ダブルクリックで全体表示です。</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>書き出す</translation>
    </message>
    <message>
        <source>Save the curves as a picture or as figures</source>
        <translation>曲線を画像または数値として保存します</translation>
    </message>
    <message>
        <source>Follow</source>
        <translation>追従</translation>
    </message>
    <message>
        <source>Follow the run as it grows, and show all of it</source>
        <translation>実行の進みに追従し、全体を表示します</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>学習率</translation>
    </message>
    <message>
        <source>Gradient norm</source>
        <translation>勾配ノルム</translation>
    </message>
    <message>
        <source>Tokens per second</source>
        <translation>トークン/秒</translation>
    </message>
    <message>
        <source>Validation loss</source>
        <translation>検証損失</translation>
    </message>
    <message>
        <source>Marks of what happened</source>
        <translation>チェックポイントや変更などの印</translation>
    </message>
</context>
<context>
    <name>CurvesPanel</name>
    <message>
        <source>nats per character</source>
        <translation>nat/文字</translation>
    </message>
    <message>
        <source>nats per token</source>
        <translation>nat/トークン</translation>
    </message>
    <message>
        <source>checkpoint at step {step}</source>
        <translation>ステップ {step} のチェックポイント</translation>
    </message>
    <message>
        <source>resumed at step {step}</source>
        <translation>ステップ {step} で再開</translation>
    </message>
    <message>
        <source>best validation {loss}, at step {step}</source>
        <translation>最良の検証損失 {loss} (ステップ {step})</translation>
    </message>
    <message>
        <source>{setting} set to {value}</source>
        <translation>{setting} を {value} に変更</translation>
    </message>
    <message>
        <source>Loss is counted in other tokens by {runs}: bits per byte, under Show, are what compares.</source>
        <translation>{runs} の損失は別のトークン単位です。「表示」のビット/バイトなら比べられます。</translation>
    </message>
    <message>
        <source>{run} cannot be shown: {reason}</source>
        <translation>{run} を表示できません: {reason}</translation>
    </message>
    <message>
        <source>curves</source>
        <translation>曲線</translation>
    </message>
    <message>
        <source>Pictures (*.png)</source>
        <translation>画像 (*.png)</translation>
    </message>
    <message>
        <source>Drawings (*.svg)</source>
        <translation>図 (*.svg)</translation>
    </message>
    <message>
        <source>Figures (*.csv)</source>
        <translation>数値 (*.csv)</translation>
    </message>
    <message>
        <source>Save the curves</source>
        <translation>曲線を保存</translation>
    </message>
    <message>
        <source>Writing {path}…</source>
        <translation>{path} に書き込んでいます…</translation>
    </message>
    <message>
        <source>Saved as {path}.</source>
        <translation>{path} に保存しました。</translation>
    </message>
    <message>
        <source>{path} cannot be written ({reason}); choose another place.</source>
        <translation>{path} に書き込めません ({reason})。ほかの場所を選んでください。</translation>
    </message>
</context>
<context>
    <name>DataPanel</name>
    <message>
        <source>Data</source>
        <translation>データ</translation>
    </message>
    <message>
        <source>Prepare</source>
        <translation>準備する</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>キャンセル</translation>
    </message>
    <message>
        <source>Preparation</source>
        <translation>準備</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>開始しています…</translation>
    </message>
    <message>
        <source>Prepared, but shorter than one window of the context length.</source>
        <translation>準備済みですが、コンテキスト長の 1 系列に足りません。</translation>
    </message>
    <message>
        <source>Prepared: a run on this text starts at once.</source>
        <translation>準備済み: このテキストでの実行はすぐに開始できます。</translation>
    </message>
    <message>
        <source>Tokenize the text now and keep the result, so that a run on it starts at once.</source>
        <translation>テキストを今トークンにして結果を保存します。そのテキストでの実行がすぐに始まります。</translation>
    </message>
    <message>
        <source>Use it</source>
        <translation>使う</translation>
    </message>
    <message>
        <source>Use what suits the text</source>
        <translation>テキストに合うものを使う</translation>
    </message>
    <message>
        <source>Correct the fields marked below first.</source>
        <translation>先に、下の印のついた欄を直してください。</translation>
    </message>
    <message>
        <source>Reading: {done} of {total}, {rate} a second.</source>
        <translation>読み込み中: {total} 中 {done}、毎秒 {rate}。</translation>
    </message>
    <message>
        <source>Learning the tokenizer: {done} of {total} characters, {rate} a second.</source>
        <translation>トークナイザの学習中: {total} 文字中 {done} 文字、毎秒 {rate}。</translation>
    </message>
    <message>
        <source>Encoding: {done} of {total} characters, {rate} a second.</source>
        <translation>符号化中: {total} 文字中 {done} 文字、毎秒 {rate}。</translation>
    </message>
    <message>
        <source>The text of the open run, as it was prepared for it.</source>
        <translation>開いている実行のテキスト (準備済みのもの)。</translation>
    </message>
    <message>
        <source>Not prepared yet; the open run prepares it when it trains.</source>
        <translation>まだ準備されていません。開いている実行が学習するときに準備します。</translation>
    </message>
    <message>
        <source>The text was changed since it was prepared; a run prepares it again when it starts.</source>
        <translation>準備の後にテキストが変更されました。実行の開始時にもう一度準備します。</translation>
    </message>
    <message>
        <source>A data set on the Hub: it is downloaded when it is prepared.</source>
        <translation>Hub のデータセットです。準備のときにダウンロードします。</translation>
    </message>
    <message>
        <source>Not prepared yet; a run prepares it when it starts.</source>
        <translation>未準備です。実行の開始時に準備します。</translation>
    </message>
    <message>
        <source>{count} different characters: the tokenizer {better} suits this text better.</source>
        <translation>{count} 種類の文字があります。このテキストにはトークナイザ {better} のほうが合います。</translation>
    </message>
    <message>
        <source>Samples would begin with “{before}”; “{prompt}” suits this text better.</source>
        <translation>サンプルは「{before}」から始まります。このテキストには「{prompt}」のほうが合います。</translation>
    </message>
    <message>
        <source>Files</source>
        <translation>ファイル数</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>サイズ</translation>
    </message>
    <message>
        <source>Encoding</source>
        <translation>文字コード</translation>
    </message>
    <message>
        <source>Documents</source>
        <translation>文書数</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>トークン数</translation>
    </message>
    <message>
        <source>for training</source>
        <translation>学習用</translation>
    </message>
    <message>
        <source>for validation</source>
        <translation>検証用</translation>
    </message>
    <message>
        <source>Vocabulary</source>
        <translation>語彙サイズ</translation>
    </message>
    <message>
        <source>Bytes per token</source>
        <translation>トークンあたりのバイト数</translation>
    </message>
    <message>
        <source>Unknown</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>Most frequent: {tokens}</source>
        <translation>最頻: {tokens}</translation>
    </message>
    <message>
        <source>Longest: {tokens}</source>
        <translation>最長: {tokens}</translation>
    </message>
</context>
<context>
    <name>EditMenu</name>
    <message>
        <source>&amp;Edit</source>
        <translation>編集(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>元に戻す(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation>やり直す(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Find a setting</source>
        <translation>設定を検索(&amp;F)</translation>
    </message>
</context>
<context>
    <name>FieldRow</name>
    <message>
        <source>Fixed once training starts.</source>
        <translation>学習開始後は固定されます。</translation>
    </message>
    <message>
        <source>Use GPT-1&apos;s value: {value}</source>
        <translation>GPT-1 の値を使う: {value}</translation>
    </message>
    <message>
        <source>Back to the preset&apos;s value: {value}</source>
        <translation>プリセットの値に戻す: {value}</translation>
    </message>
    <message>
        <source>GPT-1 used {value} here.</source>
        <translation>GPT-1 での値は {value} です。</translation>
    </message>
    <message>
        <source>Preset {name}: {value}.</source>
        <translation>プリセット {name}: {value}。</translation>
    </message>
    <message>
        <source>Click to take that value.</source>
        <translation>クリックするとその値になります。</translation>
    </message>
    <message>
        <source>Click to choose one of them.</source>
        <translation>クリックして選べます。</translation>
    </message>
    <message>
        <source>{setting}: other values</source>
        <translation>{setting}: ほかの値</translation>
    </message>
    <message>
        <source>One prompt a line; \n in it stands for a line end.</source>
        <translation>1 行に 1 つのプロンプトを書きます。行の中の \n は改行になります。</translation>
    </message>
    <message>
        <source>One text as it is, or several as [&quot;one&quot;, &quot;another\n&quot;].</source>
        <translation>1 つならそのまま、複数なら [&quot;one&quot;, &quot;another\n&quot;] のように入力します。</translation>
    </message>
    <message>
        <source>Fixed while this run goes on; a new run may change it.</source>
        <translation>この実行の間は固定です。新しい実行では変更できます。</translation>
    </message>
    <message>
        <source>May be changed until this run makes its first step.</source>
        <translation>この実行が最初のステップを終えるまで変更できます。</translation>
    </message>
    <message>
        <source>May be changed while this run goes on.</source>
        <translation>この実行の途中でも変更できます。</translation>
    </message>
    <message>
        <source>May be changed while a run trains.</source>
        <translation>学習中も変更できます。</translation>
    </message>
</context>
<context>
    <name>FolderField</name>
    <message>
        <source>Choose a folder</source>
        <translation>フォルダを選択</translation>
    </message>
    <message>
        <source>none</source>
        <translation>なし</translation>
    </message>
</context>
<context>
    <name>GradientRow</name>
    <message>
        <source>Gradient norm</source>
        <translation>勾配ノルム</translation>
    </message>
    <message>
        <source>The gradient norm, before clipping, appears here once training starts.</source>
        <translation>学習を始めると、クリッピング前の勾配ノルムがここに表示されます。</translation>
    </message>
    <message>
        <source>Logarithmic gradient norm axis</source>
        <translation>勾配ノルムの対数軸</translation>
    </message>
    <message>
        <source>gradient norm</source>
        <translation>勾配ノルム</translation>
    </message>
    <message>
        <source>gradient norm {norm}</source>
        <translation>勾配ノルム {norm}</translation>
    </message>
</context>
<context>
    <name>Group</name>
    <message>
        <source>Fewer</source>
        <translation>簡易</translation>
    </message>
    <message>
        <source>More</source>
        <translation>詳細</translation>
    </message>
</context>
<context>
    <name>Handle</name>
    <message>
        <source>A shorter or longer warmup, or run</source>
        <translation>ウォームアップや実行を短く・長くする</translation>
    </message>
    <message>
        <source>A higher or lower peak, or floor</source>
        <translation>最大値や下限を高く・低くする</translation>
    </message>
    <message>
        <source>The same in ten steps at once</source>
        <translation>同じことを 10 段階ずつ</translation>
    </message>
    <message>
        <source>At a handle of the learning rate schedule</source>
        <translation>学習率スケジュールのハンドル上</translation>
    </message>
</context>
<context>
    <name>HeaderPanel</name>
    <message>
        <source>State of the run</source>
        <translation>実行の状態</translation>
    </message>
    <message>
        <source>Progress of the run</source>
        <translation>実行の進み具合</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>開始</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>一時停止</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>再開</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>New run</source>
        <translation>新しい実行</translation>
    </message>
    <message>
        <source>Begin a new run with these settings (F5)</source>
        <translation>この設定で新しい実行を始めます (F5)</translation>
    </message>
    <message>
        <source>Hold training; the model stays loaded and answers prompts (F6)</source>
        <translation>学習を一時停止します。モデルは読み込まれたままで、プロンプトに答えます (F6)</translation>
    </message>
    <message>
        <source>Train on from where it stands (F6)</source>
        <translation>現在の位置から学習を続けます (F6)</translation>
    </message>
    <message>
        <source>Leave this run and set up another with the same settings (Ctrl+N)</source>
        <translation>この実行を離れ、同じ設定で別の実行を準備します (Ctrl+N)</translation>
    </message>
    <message>
        <source>train loss</source>
        <translation>学習損失</translation>
    </message>
    <message>
        <source>validation</source>
        <translation>検証損失</translation>
    </message>
    <message>
        <source>rate</source>
        <translation>学習率</translation>
    </message>
    <message>
        <source>tokens/s</source>
        <translation>トークン/秒</translation>
    </message>
    <message>
        <source>Stop after this step</source>
        <translation>このステップの後に停止</translation>
    </message>
    <message>
        <source>Stop now</source>
        <translation>今すぐ停止</translation>
    </message>
    <message>
        <source>Finish the step at hand, save a checkpoint, and stop (F7)</source>
        <translation>進行中のステップを終え、チェックポイントを保存して停止します (F7)</translation>
    </message>
    <message>
        <source>Stop at the next batch and save a checkpoint of the last whole step (Shift+F7): of the step at hand, the batches that are done are done again on resume</source>
        <translation>次のバッチで停止し、最後に完了したステップのチェックポイントを保存します (Shift+F7)。進行中のステップで済んだバッチは、再開時にやり直します</translation>
    </message>
    <message>
        <source>not started</source>
        <translation>未開始</translation>
    </message>
    <message>
        <source>based on {name}, not started</source>
        <translation>{name} をもとに · 未開始</translation>
    </message>
    <message>
        <source>{source} · {parameters} parameters</source>
        <translation>{source} · パラメータ数 {parameters}</translation>
    </message>
    <message>
        <source>The queue goes on with its next run.</source>
        <translation>キューの次の実行に進みます。</translation>
    </message>
    <message>
        <source>1 setting needs attention before the run can start.</source>
        <translation>開始する前に確認が必要な設定が 1 件あります。</translation>
    </message>
    <message>
        <source>{count} settings need attention before the run can start.</source>
        <translation>開始する前に確認が必要な設定が {count} 件あります。</translation>
    </message>
    <message>
        <source>Ready to start.</source>
        <translation>開始できます。</translation>
    </message>
    <message>
        <source>Compiling the model; this may take a minute</source>
        <translation>モデルをコンパイルしています。1 分ほどかかることがあります</translation>
    </message>
    <message>
        <source>stopping after step {step} (batch {done} of {batches})</source>
        <translation>ステップ {step} の後に停止します (バッチ {done}/{batches})</translation>
    </message>
    <message>
        <source>step {step} of {total} · evaluating, {done} of {windows} windows</source>
        <translation>ステップ {step} / {total} · 検証中 ({done} / {windows} 系列)</translation>
    </message>
    <message>
        <source>step {step} of {total} · changes wait until a setting is put right</source>
        <translation>ステップ {step} / {total} · 設定を直すまで変更は保留です</translation>
    </message>
    <message>
        <source>step {step} of {total} · estimating the time left</source>
        <translation>ステップ {step} / {total} · 残り時間を見積もっています</translation>
    </message>
    <message>
        <source>step {step} of {total} · {left} left, done at {clock}</source>
        <translation>ステップ {step} / {total} · 残り {left} ({clock} に完了予定)</translation>
    </message>
    <message>
        <source>step {step} of {total} · a setting needs attention before it can go on</source>
        <translation>ステップ {step} / {total} · 続けるには設定の確認が必要です</translation>
    </message>
    <message>
        <source>step {step} of {total}</source>
        <translation>ステップ {step} / {total}</translation>
    </message>
    <message>
        <source>step {step} of {total} (batch {batch} of {batches}) · estimating the time left</source>
        <translation>ステップ {step} / {total} (バッチ {batch} / {batches}) · 残り時間を見積もっています</translation>
    </message>
    <message>
        <source>step {step} of {total} (batch {batch} of {batches}) · {left} left, done at {clock}</source>
        <translation>ステップ {step} / {total} (バッチ {batch} / {batches}) · 残り {left} ({clock} に完了予定)</translation>
    </message>
    <message>
        <source>Loading PyTorch…</source>
        <translation>PyTorch を読み込んでいます…</translation>
    </message>
    <message>
        <source>Reading the text</source>
        <translation>テキストを読み込み中</translation>
    </message>
    <message>
        <source>Learning the tokens</source>
        <translation>トークンを学習中</translation>
    </message>
    <message>
        <source>Turning text into tokens</source>
        <translation>テキストをトークンに変換中</translation>
    </message>
    <message>
        <source>Verifying the checkpoints</source>
        <translation>チェックポイントを検証中</translation>
    </message>
    <message>
        <source>Loading the model</source>
        <translation>モデルを読み込み中</translation>
    </message>
    <message>
        <source>Trying how many threads are fastest</source>
        <translation>最速のスレッド数を調べています</translation>
    </message>
    <message>
        <source>perplexity {perplexity}, {nats} nats per character, {bits} bits per byte</source>
        <translation>パープレキシティ {perplexity}、{nats} nat/文字、{bits} ビット/バイト</translation>
    </message>
    <message>
        <source>perplexity {perplexity}, {nats} nats per character, {bits} bits per byte; these two say little, since {unknown} of the text is not in the vocabulary</source>
        <translation>パープレキシティ {perplexity}、1 文字あたり {nats} nats、1 バイトあたり {bits} ビット。テキストの {unknown} が語彙にないため、後の 2 つはあまり当てになりません</translation>
    </message>
</context>
<context>
    <name>HistoryEdit</name>
    <message>
        <source>From the first or last line: the prompt asked before, or after</source>
        <translation>最初の行・最後の行で: 前・次のプロンプト</translation>
    </message>
    <message>
        <source>In the prompt</source>
        <translation>プロンプト欄</translation>
    </message>
</context>
<context>
    <name>KeepPolicy</name>
    <message>
        <source>Kept: latest {latest} · best · pinned · every {every}</source>
        <translation>最新 {latest} · 最良 · 固定 · {every} ステップごと</translation>
    </message>
    <message>
        <source>Kept: the latest {latest}, the best, and the pinned</source>
        <translation>保持: 最新の {latest} 個、最良、固定したもの</translation>
    </message>
    <message>
        <source>Kept: the latest {latest}, the best, the pinned, and every {every} steps</source>
        <translation>保持: 最新の {latest} 個、最良、固定、{every} ステップごと</translation>
    </message>
</context>
<context>
    <name>LiveCurves</name>
    <message>
        <source>Read the batch of step {step}, loss {loss}</source>
        <translation>ステップ {step} (損失 {loss}) のバッチを読む</translation>
    </message>
    <message>
        <source>step {step}</source>
        <translation>ステップ {step}</translation>
    </message>
    <message>
        <source>step {step} · {count} tokens</source>
        <translation>ステップ {step} · {count} トークン</translation>
    </message>
    <message>
        <source>step {step} · {time} of training</source>
        <translation>ステップ {step} · 学習時間 {time}</translation>
    </message>
</context>
<context>
    <name>LossRow</name>
    <message>
        <source>Loss</source>
        <translation>損失</translation>
    </message>
    <message>
        <source>The loss appears here once training starts.</source>
        <translation>学習を始めると、ここに損失が表示されます。</translation>
    </message>
    <message>
        <source>Logarithmic loss axis</source>
        <translation>損失の対数軸</translation>
    </message>
    <message>
        <source>train</source>
        <translation>学習</translation>
    </message>
    <message>
        <source>each step</source>
        <translation>各ステップ</translation>
    </message>
    <message>
        <source>validation</source>
        <translation>検証</translation>
    </message>
    <message>
        <source>best validation</source>
        <translation>最良の検証</translation>
    </message>
    <message>
        <source>checkpoint</source>
        <translation>チェックポイント</translation>
    </message>
    <message>
        <source>setting changed</source>
        <translation>設定の変更</translation>
    </message>
    <message>
        <source>resumed</source>
        <translation>再開</translation>
    </message>
    <message>
        <source>train {loss}</source>
        <translation>学習 {loss}</translation>
    </message>
    <message>
        <source>ln {size} = {loss}: every token as likely as any other</source>
        <translation>ln {size} = {loss}: すべてのトークンが等確率の場合</translation>
    </message>
    <message>
        <source>unigrams {loss}: knowing how frequent each token is</source>
        <translation>ユニグラム {loss}: 各トークンの頻度だけを知っている場合</translation>
    </message>
    <message>
        <source>bigrams {loss}: knowing the token before, too</source>
        <translation>バイグラム {loss}: 直前のトークンも知っている場合</translation>
    </message>
    <message>
        <source>validation {loss} (step {step})</source>
        <translation>検証 {loss} (ステップ {step})</translation>
    </message>
</context>
<context>
    <name>MachinePanel</name>
    <message>
        <source>checkpoint {step} saved</source>
        <translation>チェックポイント {step} を保存済み</translation>
    </message>
    <message>
        <source>CPU {percent} %</source>
        <translation>CPU {percent} %</translation>
    </message>
    <message>
        <source>memory {used} of {total}</source>
        <translation>メモリ {used} / {total}</translation>
    </message>
    <message>
        <source>{device} at {precision}</source>
        <translation>{device} · {precision}</translation>
    </message>
    <message>
        <source>{device} at {precision}, 1 thread</source>
        <translation>{device} · {precision}、1 スレッド</translation>
    </message>
    <message>
        <source>{device} at {precision}, {count} threads</source>
        <translation>{device} · {precision}、{count} スレッド</translation>
    </message>
    <message>
        <source>disk {free} free</source>
        <translation>ディスク空き {free}</translation>
    </message>
    <message>
        <source>{percent} % busy</source>
        <translation>使用率 {percent} %</translation>
    </message>
    <message>
        <source>{degrees} °C</source>
        <translation>{degrees} °C</translation>
    </message>
    <message>
        <source>The disk will be full: {free} are free, and the next {count} checkpoints need {needed}. Make room, or keep fewer checkpoints.</source>
        <translation>ディスクがいっぱいになります: 空きは {free} ですが、次の {count} 個のチェックポイントに {needed} 必要です。空きを作るか、残すチェックポイントを減らしてください。</translation>
    </message>
    <message>
        <source>The disk will be full: {free} are free, and the next checkpoint needs {needed}. Make room before it is written.</source>
        <translation>ディスクがいっぱいになります: 空きは {free} ですが、次のチェックポイントに {needed} 必要です。書き込まれる前に空きを作ってください。</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>GPT Workbench</source>
        <translation>GPT Workbench</translation>
    </message>
    <message>
        <source>Curves</source>
        <translation>曲線</translation>
    </message>
    <message>
        <source>Welcome page</source>
        <translation>ようこそページ</translation>
    </message>
    <message>
        <source>Setup</source>
        <translation>設定</translation>
    </message>
    <message>
        <source>Data</source>
        <translation>データ</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>計画</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>プロンプト</translation>
    </message>
    <message>
        <source>Samples</source>
        <translation>サンプル</translation>
    </message>
    <message>
        <source>Checkpoints</source>
        <translation>チェックポイント</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>実行一覧</translation>
    </message>
    <message>
        <source>Queue</source>
        <translation>キュー</translation>
    </message>
    <message>
        <source>The settings are as you left them, not saved; changed from {preset}: {count}. Undo ({keys}) goes back to {preset}.</source>
        <translation>設定は前回のまま (未保存) です。{preset} からの変更: {count}。元に戻す ({keys}) で {preset} に戻ります。</translation>
    </message>
    <message>
        <source>The program is about to close.</source>
        <translation>プログラムを終了しようとしています。</translation>
    </message>
    <message>
        <source>Open a run: choose its folder</source>
        <translation>実行を開く: フォルダを選択</translation>
    </message>
    <message>
        <source>{count} parameters</source>
        <translation>パラメータ数 {count}</translation>
    </message>
    <message>
        <source>This is a fork. Change what you like, then press Resume; one of a finished run needs more steps first.</source>
        <translation>これは分岐です。必要な設定を変えて「再開」を押してください。完了した実行から分岐した場合は、先にステップ数を増やします。</translation>
    </message>
    <message>
        <source>Another process trains this run; change its settings there.</source>
        <translation>この実行は別のプロセスが学習しています。設定はそちらで変更してください。</translation>
    </message>
</context>
<context>
    <name>MemoryPlan</name>
    <message>
        <source>Use it</source>
        <translation>使う</translation>
    </message>
    <message>
        <source>Use the batch that fits</source>
        <translation>収まるバッチを使う</translation>
    </message>
    <message>
        <source>Memory of this machine</source>
        <translation>このマシンのメモリ</translation>
    </message>
    <message>
        <source>Memory of a card with {size} GB</source>
        <translation>{size} GB のカードのメモリ</translation>
    </message>
    <message>
        <source>Where to train</source>
        <translation>学習する場所</translation>
    </message>
    <message>
        <source>Whether this would fit on a card (CUDA) in another computer, and what would. A card sold with 8 GB has 8.6 of them: the rest is left to screens and other programs.</source>
        <translation>別のコンピューターのカード (CUDA) に収まるか、収まらなければどうすれば収まるかを示します。8 GB として売られているカードには 8.6 GB あります。残りは画面やほかのプログラムの分です。</translation>
    </message>
    <message>
        <source>{size} GB card</source>
        <translation>{size} GB のカード</translation>
    </message>
    <message>
        <source>Memory: looking at the machine…</source>
        <translation>メモリ: マシンを調べています…</translation>
    </message>
    <message>
        <source>Memory: seen after the run.</source>
        <translation>メモリ: 実行を離れると表示されます。</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>重み</translation>
    </message>
    <message>
        <source>Gradients</source>
        <translation>勾配</translation>
    </message>
    <message>
        <source>Optimizer</source>
        <translation>オプティマイザ</translation>
    </message>
    <message>
        <source>Activations</source>
        <translation>活性値</translation>
    </message>
    <message>
        <source>Logits</source>
        <translation>ロジット</translation>
    </message>
    <message>
        <source>Working space</source>
        <translation>作業領域</translation>
    </message>
    <message>
        <source>Program</source>
        <translation>プログラム</translation>
    </message>
    <message>
        <source>Memory, each part at its largest</source>
        <translation>メモリ (各項目の最大値)</translation>
    </message>
    <message>
        <source>Memory: about {peak} at the peak, of {free} ({device}, {precision})</source>
        <translation>メモリ: ピークで約 {peak}、全体は {free} ({device}、{precision})</translation>
    </message>
    <message>
        <source>Memory: {peak} at the peak, measured; {free} free ({device}, {precision})</source>
        <translation>メモリ: 最大 {peak} (実測)、空き {free} ({device}、{precision})</translation>
    </message>
    <message>
        <source>Memory: about {peak} at the peak; {free} free ({device}, {precision})</source>
        <translation>メモリ: 最大約 {peak}、空き {free} ({device}、{precision})</translation>
    </message>
    <message>
        <source>Memory: about {peak} at the peak ({device}, {precision}). How much is free is seen while no run is open.</source>
        <translation>メモリ: 最大で約 {peak} ({device}、{precision})。空き容量は実行を開いていないときに表示されます。</translation>
    </message>
    <message>
        <source>Not even one window at a time fits: choose a smaller model.</source>
        <translation>1 系列ずつでも収まりません。モデルを小さくしてください。</translation>
    </message>
    <message>
        <source>{batch} × {accumulation} windows fit, the same number per step: {peak}.</source>
        <translation>{batch} × {accumulation} 系列なら収まります (1 ステップの系列数は同じ): {peak}。</translation>
    </message>
    <message>
        <source>{batch} × {accumulation} windows fit too, the same number per step: {peak}.</source>
        <translation>{batch} × {accumulation} 系列にしても収まります (1 ステップの系列数は同じ): {peak}。</translation>
    </message>
    <message>
        <source>Activations are recomputed in the backward pass.</source>
        <translation>活性値は逆伝播のときに計算し直します。</translation>
    </message>
    <message>
        <source>In the precision {precision}.</source>
        <translation>精度は {precision} です。</translation>
    </message>
</context>
<context>
    <name>MenuBar</name>
    <message>
        <source>&amp;Run</source>
        <translation>実行(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;New run</source>
        <translation>新しい実行(&amp;N)</translation>
    </message>
    <message>
        <source>&amp;Open run…</source>
        <translation>実行を開く(&amp;O)…</translation>
    </message>
    <message>
        <source>&amp;Save a checkpoint</source>
        <translation>チェックポイントを保存(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Add these settings to the queue</source>
        <translation>この設定をキューに追加(&amp;A)</translation>
    </message>
    <message>
        <source>Se&amp;ttings…</source>
        <translation>環境設定(&amp;T)…</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>終了(&amp;Q)</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>表示(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Move a panel</source>
        <translation>パネルを移動(&amp;M)</translation>
    </message>
    <message>
        <source>To the &amp;left</source>
        <translation>左へ(&amp;L)</translation>
    </message>
    <message>
        <source>To the &amp;right</source>
        <translation>右へ(&amp;R)</translation>
    </message>
    <message>
        <source>To the &amp;bottom</source>
        <translation>下へ(&amp;B)</translation>
    </message>
    <message>
        <source>&amp;Out of the window</source>
        <translation>ウィンドウの外へ(&amp;O)</translation>
    </message>
    <message>
        <source>Restore the &amp;layout</source>
        <translation>配置を元に戻す(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Welcome page</source>
        <translation>ようこそページ(&amp;W)</translation>
    </message>
    <message>
        <source>To the &amp;curves</source>
        <translation>曲線へ(&amp;C)</translation>
    </message>
    <message>
        <source>To the &amp;prompt</source>
        <translation>プロンプトへ(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Theme</source>
        <translation>テーマ(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Dark</source>
        <translation>ダーク(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Light</source>
        <translation>ライト(&amp;L)</translation>
    </message>
    <message>
        <source>S&amp;witch between dark and light</source>
        <translation>ダークとライトを切り替え(&amp;W)</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>ヘルプ(&amp;H)</translation>
    </message>
    <message>
        <source>Command &amp;palette…</source>
        <translation>コマンドパレット(&amp;P)…</translation>
    </message>
    <message>
        <source>&amp;Keyboard shortcuts…</source>
        <translation>キーボードショートカット(&amp;K)…</translation>
    </message>
    <message>
        <source>&amp;About GPT Workbench…</source>
        <translation>GPT Workbench について(&amp;A)…</translation>
    </message>
    <message>
        <source>L&amp;anguage</source>
        <translation>言語(&amp;A)</translation>
    </message>
    <message>
        <source>As the &amp;system has it</source>
        <translation>システムに合わせる(&amp;S)</translation>
    </message>
</context>
<context>
    <name>NumberField</name>
    <message>
        <source>A step up or down</source>
        <translation>1 段階上げる・下げる</translation>
    </message>
    <message>
        <source>Ten steps up or down</source>
        <translation>10 段階上げる・下げる</translation>
    </message>
    <message>
        <source>In a field with a number</source>
        <translation>数値の入力欄</translation>
    </message>
</context>
<context>
    <name>PaceRow</name>
    <message>
        <source>Tokens per second</source>
        <translation>トークン/秒</translation>
    </message>
    <message>
        <source>How many tokens a second are trained on appears here once training starts.</source>
        <translation>学習を始めると、1 秒あたりの学習トークン数がここに表示されます。</translation>
    </message>
    <message>
        <source>Logarithmic axis of tokens per second</source>
        <translation>トークン/秒の対数軸</translation>
    </message>
    <message>
        <source>tokens/s</source>
        <translation>トークン/秒</translation>
    </message>
    <message>
        <source>{count} tokens/s</source>
        <translation>{count} トークン/秒</translation>
    </message>
</context>
<context>
    <name>PinButton</name>
    <message>
        <source>Pinned, but no samples are made: “{setting}” is 0.</source>
        <translation>固定しましたが、「{setting}」が 0 なのでサンプルは作られません。</translation>
    </message>
    <message>
        <source>Pinned: a sample is made of it every {steps} steps.</source>
        <translation>固定しました。{steps} ステップごとにこのプロンプトのサンプルを作ります。</translation>
    </message>
    <message>
        <source>No longer pinned.</source>
        <translation>固定を解除しました。</translation>
    </message>
    <message>
        <source>Samples are made of this prompt: it is the one in Setup</source>
        <translation>「設定」のプロンプトなので、サンプルはいつも作られます</translation>
    </message>
    <message>
        <source>Make no more samples of this prompt</source>
        <translation>このプロンプトのサンプルをもう作りません</translation>
    </message>
    <message>
        <source>Make samples of this prompt too, each time with the same seed</source>
        <translation>このプロンプトのサンプルも、毎回同じシードで作ります</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>固定</translation>
    </message>
    <message>
        <source>Pin the prompt</source>
        <translation>プロンプトを固定</translation>
    </message>
</context>
<context>
    <name>PlanPanel</name>
    <message>
        <source>Token embedding</source>
        <translation>トークン埋め込み</translation>
    </message>
    <message>
        <source>Positions</source>
        <translation>位置埋め込み</translation>
    </message>
    <message>
        <source>Attention</source>
        <translation>アテンション</translation>
    </message>
    <message>
        <source>Feed-forward</source>
        <translation>フィードフォワード</translation>
    </message>
    <message>
        <source>Norms</source>
        <translation>正規化</translation>
    </message>
    <message>
        <source>Head</source>
        <translation>出力層</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>パラメータ</translation>
    </message>
    <message>
        <source>{count} parameters</source>
        <translation>パラメータ数 {count}</translation>
    </message>
    <message>
        <source>{product}: batch, accumulation, context length</source>
        <translation>{product}: バッチ、勾配累積、コンテキスト長</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>ステップ数</translation>
    </message>
    <message>
        <source>Epochs</source>
        <translation>エポック数</translation>
    </message>
    <message>
        <source>about {figure}</source>
        <translation>約 {figure}</translation>
    </message>
    <message>
        <source>Estimated from how fast the device trains a layer of this width; Rehearse measures it.</source>
        <translation>このデバイスが同じ幅の層を学習する速さから見積もりました。リハーサルで測定できます。</translation>
    </message>
    <message>
        <source>{count} days</source>
        <translation>{count} 日</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>時間</translation>
    </message>
    <message>
        <source>Rehearse</source>
        <translation>リハーサル</translation>
    </message>
    <message>
        <source>Train a few real steps on this machine, to measure the time and the memory.</source>
        <translation>このマシンで実際に数ステップ学習し、時間とメモリを測ります。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>キャンセル</translation>
    </message>
    <message>
        <source>Rehearsal</source>
        <translation>リハーサル</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>計画</translation>
    </message>
    <message>
        <source>Tokens per step</source>
        <translation>ステップあたりのトークン</translation>
    </message>
    <message>
        <source>Total tokens</source>
        <translation>総トークン数</translation>
    </message>
    <message>
        <source>Tokens per epoch</source>
        <translation>エポックあたりのトークン</translation>
    </message>
    <message>
        <source>Steps per epoch</source>
        <translation>エポックあたりのステップ</translation>
    </message>
    <message>
        <source>FLOPs per token</source>
        <translation>トークンあたりの FLOPs</translation>
    </message>
    <message>
        <source>Total FLOPs</source>
        <translation>総 FLOPs</translation>
    </message>
    <message>
        <source>The precision is fixed while a run goes on.</source>
        <translation>精度は実行中は変更できません。</translation>
    </message>
    <message>
        <source>Measured in a rehearsal; evaluations and samples are not included.</source>
        <translation>リハーサルで測定しました。評価とサンプルは含みません。</translation>
    </message>
    <message>
        <source>Tokens per second</source>
        <translation>トークン/秒</translation>
    </message>
    <message>
        <source>Duration</source>
        <translation>所要時間</translation>
    </message>
    <message>
        <source>Finished, if started now</source>
        <translation>今始めた場合の終了</translation>
    </message>
    <message>
        <source>Correct the fields marked in Setup first.</source>
        <translation>先に、「設定」の印のついた欄を直してください。</translation>
    </message>
    <message>
        <source>This does not fit into the free memory; use a batch that does.</source>
        <translation>空きメモリに収まりません。収まるバッチを使ってください。</translation>
    </message>
    <message>
        <source>The rehearsal ended early: {reason} Too little memory can be the cause.</source>
        <translation>リハーサルが途中で終わりました: {reason} メモリ不足が原因かもしれません。</translation>
    </message>
    <message>
        <source>The run</source>
        <translation>実行</translation>
    </message>
    <message>
        <source>A vocabulary of {count} tokens is assumed until the text is prepared.</source>
        <translation>テキストを準備するまでは、語彙を {count} トークンと仮定します。</translation>
    </message>
    <message>
        <source>Epochs are estimated from the size of the text until it is prepared (panel Data).</source>
        <translation>テキストを準備するまでは、エポックをテキストの大きさから見積もります (「データ」パネル)。</translation>
    </message>
    <message>
        <source>Epochs are known once the text is prepared (panel Data).</source>
        <translation>エポック数はテキストを準備すると分かります (「データ」パネル)。</translation>
    </message>
</context>
<context>
    <name>PresetField</name>
    <message>
        <source>Your own</source>
        <translation>自分のプリセット</translation>
    </message>
    <message>
        <source>From a file or a run</source>
        <translation>ファイルまたは実行から</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>プリセット</translation>
    </message>
    <message>
        <source>Keep or copy this configuration</source>
        <translation>この設定を保存またはコピー</translation>
    </message>
    <message>
        <source>Save as preset…</source>
        <translation>プリセットとして保存…</translation>
    </message>
    <message>
        <source>Rename preset…</source>
        <translation>プリセット名を変更…</translation>
    </message>
    <message>
        <source>Delete preset…</source>
        <translation>プリセットを削除…</translation>
    </message>
    <message>
        <source>Copy as command</source>
        <translation>コマンドとしてコピー</translation>
    </message>
    <message>
        <source>Copied; paste it into a terminal.</source>
        <translation>コピーしました。端末に貼り付けてください。</translation>
    </message>
    <message>
        <source>Name of the preset</source>
        <translation>プリセットの名前</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>New name of the preset</source>
        <translation>プリセットの新しい名前</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>名前を変更</translation>
    </message>
    <message>
        <source>Delete the preset {name}? The settings here stay as they are.</source>
        <translation>プリセット {name} を削除しますか? ここの設定はそのまま残ります。</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>削除</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>キャンセル</translation>
    </message>
    <message>
        <source>Replace</source>
        <translation>置き換える</translation>
    </message>
    <message>
        <source>There is a preset {name} already.</source>
        <translation>プリセット {name} はすでにあります。</translation>
    </message>
</context>
<context>
    <name>PromptChoice</name>
    <message>
        <source>All prompts</source>
        <translation>すべて</translation>
    </message>
    <message>
        <source>Samples of</source>
        <translation>サンプルのプロンプト</translation>
    </message>
    <message>
        <source>The samples of all prompts, as they were written</source>
        <translation>すべてのプロンプトのサンプルを、書かれた順に表示します</translation>
    </message>
</context>
<context>
    <name>PromptPanel</name>
    <message>
        <source>Prompt</source>
        <translation>プロンプト</translation>
    </message>
    <message>
        <source>Prompts asked before, and a passage to try; Up and Down in the prompt go through them</source>
        <translation>以前のプロンプトと、試すための一節。入力欄の上下キーでもたどれます</translation>
    </message>
    <message>
        <source>Earlier prompts</source>
        <translation>以前のプロンプト</translation>
    </message>
    <message>
        <source>Write the beginning of a text</source>
        <translation>テキストの書き出しを入力</translation>
    </message>
    <message>
        <source>Generate</source>
        <translation>生成</translation>
    </message>
    <message>
        <source>Let the model go on from the prompt (Ctrl+Return)</source>
        <translation>プロンプトの続きをモデルに書かせます (Ctrl+Return)</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Stop the answer</source>
        <translation>回答を停止</translation>
    </message>
    <message>
        <source>Again</source>
        <translation>もう一度</translation>
    </message>
    <message>
        <source>The same prompt with a new seed (Ctrl+Shift+Return)</source>
        <translation>同じプロンプトを新しいシードで (Ctrl+Shift+Return)</translation>
    </message>
    <message>
        <source>Generate again with a new seed</source>
        <translation>新しいシードでもう一度生成</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>コピー</translation>
    </message>
    <message>
        <source>Copy prompt and answer</source>
        <translation>プロンプトと回答をコピー</translation>
    </message>
    <message>
        <source>Shade surprise</source>
        <translation>意外さを色で示す</translation>
    </message>
    <message>
        <source>The less likely the model thought a token, the deeper it is shaded</source>
        <translation>モデルが低い確率を与えたトークンほど濃くなります</translation>
    </message>
    <message>
        <source>{setting}: {problem}</source>
        <translation>{setting}: {problem}</translation>
    </message>
    <message>
        <source>Copied.</source>
        <translation>コピーしました。</translation>
    </message>
    <message>
        <source>A passage of the validation text</source>
        <translation>検証テキストの一節</translation>
    </message>
    <message>
        <source>Start or open a run: its model answers, also while it trains.</source>
        <translation>実行を開始するか開くと、学習中も答えます。</translation>
    </message>
    <message>
        <source>The run answers as soon as it has saved a checkpoint.</source>
        <translation>この実行は、チェックポイントを保存すると回答できるようになります。</translation>
    </message>
    <message>
        <source>The model answers as soon as it is loaded.</source>
        <translation>読み込みが終わり次第、モデルが答えます。</translation>
    </message>
</context>
<context>
    <name>PromptsField</name>
    <message>
        <source>none</source>
        <translation>なし</translation>
    </message>
</context>
<context>
    <name>Questions</name>
    <message>
        <source>Waiting for the model …</source>
        <translation>モデルを待っています…</translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation>停止しました。</translation>
    </message>
</context>
<context>
    <name>QueueModel</name>
    <message>
        <source>No.</source>
        <translation>番号</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名前</translation>
    </message>
    <message>
        <source>Differs from its preset</source>
        <translation>プリセットとの違い</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>ステップ</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状態</translation>
    </message>
    <message>
        <source>{preset}, as it is</source>
        <translation>{preset} のまま</translation>
    </message>
    <message>
        <source>{preset}: {differences}</source>
        <translation>{preset}: {differences}</translation>
    </message>
    <message>
        <source>{done} of {total}</source>
        <translation>{done}/{total}</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>学習中</translation>
    </message>
    <message>
        <source>Passed over: {problem}</source>
        <translation>飛ばしました: {problem}</translation>
    </message>
    <message>
        <source>Failed: {problem}</source>
        <translation>失敗: {problem}</translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation>待機中</translation>
    </message>
    <message>
        <source>Broken off; goes on when its turn comes</source>
        <translation>中断。順番が来ると続きから再開します</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>完了</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>失敗</translation>
    </message>
</context>
<context>
    <name>QueuePanel</name>
    <message>
        <source>Move the selected up or down</source>
        <translation>選択したものを上・下へ移動</translation>
    </message>
    <message>
        <source>Open the run of the selected</source>
        <translation>選択したものの実行を開く</translation>
    </message>
    <message>
        <source>Rename the selected</source>
        <translation>選択したものの名前を変更</translation>
    </message>
    <message>
        <source>Take the selected out</source>
        <translation>選択したものを取り除く</translation>
    </message>
    <message>
        <source>Run the queue</source>
        <translation>キューを実行</translation>
    </message>
    <message>
        <source>Train what waits, one run after the other</source>
        <translation>待機中のものを 1 つずつ順に学習します</translation>
    </message>
    <message>
        <source>section.field=value …</source>
        <translation>section.field=値 …</translation>
    </message>
    <message>
        <source>Settings to change in what is added</source>
        <translation>追加するものの設定の変更</translation>
    </message>
    <message>
        <source>Settings that are another in what is added next, such as schedule.max_lr=1e-3</source>
        <translation>次に追加するもので変える設定。例: schedule.max_lr=1e-3</translation>
    </message>
    <message>
        <source>Make these changes in the selected entries instead</source>
        <translation>代わりに、選択した項目にこの変更を加えます</translation>
    </message>
    <message>
        <source>Put the settings in Setup, as they stand, at the end of the queue (Ctrl+Shift+A)</source>
        <translation>「設定」にある今の設定をキューの最後に加えます (Ctrl+Shift+A)</translation>
    </message>
    <message>
        <source>Add the settings in a TOML file</source>
        <translation>TOML ファイルの設定を追加します</translation>
    </message>
    <message>
        <source>Move up (Alt+Up, or drag)</source>
        <translation>上へ (Alt+上、またはドラッグ)</translation>
    </message>
    <message>
        <source>Move down (Alt+Down, or drag)</source>
        <translation>下へ (Alt+下、またはドラッグ)</translation>
    </message>
    <message>
        <source>Open the run of this entry (Return, or a double click)</source>
        <translation>この項目の実行を開きます (Return、またはダブルクリック)</translation>
    </message>
    <message>
        <source>Take these settings into Setup, to change them there</source>
        <translation>この設定を「設定」に移し、そこで変更します</translation>
    </message>
    <message>
        <source>Keep the settings as they stand in Setup in this entry</source>
        <translation>「設定」にある今の設定をこの項目に保存します</translation>
    </message>
    <message>
        <source>Give this entry another turn: on with its run, or anew once it is finished</source>
        <translation>この項目にもう一度順番を与えます。実行の続き、完了していれば最初から</translation>
    </message>
    <message>
        <source>Give what waits another name (F2)</source>
        <translation>待機中の項目の名前を変えます (F2)</translation>
    </message>
    <message>
        <source>Take the selected out of the queue (Delete); their runs stay</source>
        <translation>選択した項目をキューから外します (Delete)。実行は残ります</translation>
    </message>
    <message>
        <source>Change the selected</source>
        <translation>選択項目を変更</translation>
    </message>
    <message>
        <source>Add these settings</source>
        <translation>この設定を追加</translation>
    </message>
    <message>
        <source>Add a preset</source>
        <translation>プリセットを追加</translation>
    </message>
    <message>
        <source>Add a file…</source>
        <translation>ファイルを追加…</translation>
    </message>
    <message>
        <source>Up</source>
        <translation>上へ</translation>
    </message>
    <message>
        <source>Down</source>
        <translation>下へ</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>開く</translation>
    </message>
    <message>
        <source>Put back</source>
        <translation>戻す</translation>
    </message>
    <message>
        <source>Again</source>
        <translation>もう一度</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>名前を変更</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>外す</translation>
    </message>
    <message>
        <source>Queue</source>
        <translation>キュー</translation>
    </message>
    <message>
        <source>What you add here is trained one after the other, and is still here after a restart.</source>
        <translation>ここに追加したものを 1 つずつ順に学習します。プログラムを再起動しても残ります。</translation>
    </message>
    <message>
        <source>Leave as it was</source>
        <translation>元のままにする</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>編集</translation>
    </message>
    <message>
        <source>Add the settings in a file</source>
        <translation>ファイルの設定を追加</translation>
    </message>
</context>
<context>
    <name>QueueStatus</name>
    <message>
        <source>Change {name} in Setup, then put it back.</source>
        <translation>{name} を「設定」で変更してから、戻してください。</translation>
    </message>
    <message>
        <source>{name} is being trained. Waiting: {count}.</source>
        <translation>{name} を学習しています。待機中: {count}。</translation>
    </message>
    <message>
        <source>Begins when {name} is over, which is paused. Waiting: {count}.</source>
        <translation>一時停止中の {name} が終わると始まります。待機中: {count}。</translation>
    </message>
    <message>
        <source>Begins when {name} is over. Waiting: {count}.</source>
        <translation>{name} が終わると始まります。待機中: {count}。</translation>
    </message>
    <message>
        <source>Held because you stopped {name}. Run the queue to go on.</source>
        <translation>{name} を停止したため、保留しています。続けるにはキューを実行してください。</translation>
    </message>
    <message>
        <source>Held because you paused {name}. Run the queue to go on.</source>
        <translation>{name} を一時停止したため、保留しています。続けるにはキューを実行してください。</translation>
    </message>
    <message>
        <source>Held because you left {name}. Run the queue to go on.</source>
        <translation>{name} を離れたため、保留しています。続けるにはキューを実行してください。</translation>
    </message>
    <message>
        <source>Held because {name} could not be saved. Mend that, then run the queue.</source>
        <translation>{name} を保存できなかったため、保留しています。原因を直してからキューを実行してください。</translation>
    </message>
    <message>
        <source>1 run waits; run the queue to go on.</source>
        <translation>1 件が待機中です。続けるにはキューを実行してください。</translation>
    </message>
    <message>
        <source>1 run waits.</source>
        <translation>1 件が待機中です。</translation>
    </message>
    <message>
        <source>{count} runs wait; run the queue to go on.</source>
        <translation>{count} 件が待機中です。続けるにはキューを実行してください。</translation>
    </message>
    <message>
        <source>{count} runs wait.</source>
        <translation>{count} 件が待機中です。</translation>
    </message>
    <message>
        <source>Nothing waits.</source>
        <translation>待機中のものはありません。</translation>
    </message>
</context>
<context>
    <name>RateRow</name>
    <message>
        <source>Learning rate</source>
        <translation>学習率</translation>
    </message>
    <message>
        <source>The learning rate appears here once training starts.</source>
        <translation>学習を始めると、ここに学習率が表示されます。</translation>
    </message>
    <message>
        <source>Logarithmic learning rate axis</source>
        <translation>学習率の対数軸</translation>
    </message>
    <message>
        <source>done</source>
        <translation>実績</translation>
    </message>
    <message>
        <source>planned</source>
        <translation>予定</translation>
    </message>
    <message>
        <source>rate</source>
        <translation>学習率</translation>
    </message>
    <message>
        <source>rate {rate}</source>
        <translation>学習率 {rate}</translation>
    </message>
    <message>
        <source>step {step} · {rate}</source>
        <translation>ステップ {step} · {rate}</translation>
    </message>
    <message>
        <source>rate {rate} planned</source>
        <translation>予定の学習率 {rate}</translation>
    </message>
</context>
<context>
    <name>Row</name>
    <message>
        <source>Log</source>
        <translation>対数</translation>
    </message>
    <message>
        <source>raw: not a finite number</source>
        <translation>生の値: 有限の数ではありません</translation>
    </message>
    <message>
        <source>raw {value}</source>
        <translation>生の値 {value}</translation>
    </message>
    <message>
        <source>Up to {height} above this view; zoom out to see it.</source>
        <translation>この表示範囲の上に {height} までの値があります。縮小すると見えます。</translation>
    </message>
</context>
<context>
    <name>Rows</name>
    <message>
        <source>In the table of the queue</source>
        <translation>キューの表</translation>
    </message>
</context>
<context>
    <name>RunsModel</name>
    <message>
        <source>Star</source>
        <translation>スター</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名前</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状態</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>プリセット</translation>
    </message>
    <message>
        <source>Best loss</source>
        <translation>最良の損失</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>ステップ</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>トークン</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>時間</translation>
    </message>
    <message>
        <source>Last change</source>
        <translation>最終更新</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>タグ</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>メモ</translation>
    </message>
    <message>
        <source>starred</source>
        <translation>スター付き</translation>
    </message>
    <message>
        <source>no star</source>
        <translation>スターなし</translation>
    </message>
    <message>
        <source>{folder}
Forked from {parent} at step {step}</source>
        <translation>{folder}
{parent} のステップ {step} から分岐</translation>
    </message>
    <message>
        <source>at step {step}</source>
        <translation>ステップ {step}</translation>
    </message>
    <message>
        <source>of {total}</source>
        <translation>/ {total}</translation>
    </message>
    <message>
        <source>Double-click, or F4, to write notes</source>
        <translation>ダブルクリックか F4 でメモを書けます</translation>
    </message>
    <message>
        <source>Double-click, or F3, to write tags, with commas between</source>
        <translation>ダブルクリックか F3 でタグを書けます (カンマ区切り)</translation>
    </message>
</context>
<context>
    <name>RunsPanel</name>
    <message>
        <source>Find runs</source>
        <translation>実行を検索</translation>
    </message>
    <message>
        <source>Find runs by name, state, preset, tags or notes</source>
        <translation>名前、状態、プリセット、タグ、メモで実行を検索</translation>
    </message>
    <message>
        <source>Show a fork below the run that it came from</source>
        <translation>分岐を分岐元の実行の下に表示します</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>開く</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>比較</translation>
    </message>
    <message>
        <source>Overlay</source>
        <translation>重ねる</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>名前を変更</translation>
    </message>
    <message>
        <source>Star the selected runs, or remove their stars (Space)</source>
        <translation>選択した実行に星を付けます。または外します (Space)</translation>
    </message>
    <message>
        <source>Star</source>
        <translation>スター</translation>
    </message>
    <message>
        <source>Remove star</source>
        <translation>星を外す</translation>
    </message>
    <message>
        <source>{run} is open here: leave it first with New run (Ctrl+N).</source>
        <translation>{run} はここで開いています。先に「新しい実行」(Ctrl+N) で離れてください。</translation>
    </message>
    <message>
        <source>Another process trains {run}: stop that one first.</source>
        <translation>別のプロセスが {run} を学習しています。先にそちらを停止してください。</translation>
    </message>
    <message>
        <source>Show the folder</source>
        <translation>フォルダを表示</translation>
    </message>
    <message>
        <source>Move to trash</source>
        <translation>ゴミ箱に入れる</translation>
    </message>
    <message>
        <source>Open the selected run</source>
        <translation>選択した実行を開く</translation>
    </message>
    <message>
        <source>Star the selected, or remove their stars</source>
        <translation>選択した実行にスターを付ける・外す</translation>
    </message>
    <message>
        <source>Rename the selected run</source>
        <translation>選択した実行の名前を変更</translation>
    </message>
    <message>
        <source>Write its tags</source>
        <translation>タグを書く</translation>
    </message>
    <message>
        <source>Write its notes</source>
        <translation>メモを書く</translation>
    </message>
    <message>
        <source>Move the selected to the trash</source>
        <translation>選択した実行をゴミ箱へ移動</translation>
    </message>
    <message>
        <source>Tree of forks</source>
        <translation>分岐のツリー</translation>
    </message>
    <message>
        <source>Columns</source>
        <translation>列</translation>
    </message>
    <message>
        <source>Sort by a column, move it, hide it, or show another</source>
        <translation>列で並べ替え、移動、非表示、追加をします</translation>
    </message>
    <message>
        <source>Open this run (Return, or a double click)</source>
        <translation>この実行を開きます (Return またはダブルクリック)</translation>
    </message>
    <message>
        <source>Show the settings of the selected runs side by side</source>
        <translation>選択した実行の設定を並べて表示します</translation>
    </message>
    <message>
        <source>Lay the curves of the selected runs over those of the open one</source>
        <translation>選択した実行の曲線を、開いている実行の曲線に重ねて表示します</translation>
    </message>
    <message>
        <source>Give this run another name (F2)</source>
        <translation>この実行の名前を変更します (F2)</translation>
    </message>
    <message>
        <source>Move the selected runs to the trash (Delete)</source>
        <translation>選択した実行をゴミ箱に入れます (Delete)</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>実行一覧</translation>
    </message>
    <message>
        <source>Your runs appear here once you have started one.</source>
        <translation>実行を開始すると、ここに表示されます。</translation>
    </message>
    <message>
        <source>Back to the runs</source>
        <translation>実行一覧に戻る</translation>
    </message>
    <message>
        <source>Differences only</source>
        <translation>違いのみ</translation>
    </message>
    <message>
        <source>Settings of the selected runs side by side</source>
        <translation>選択した実行の設定の比較</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>タグ</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>メモ</translation>
    </message>
    <message>
        <source>All settings.</source>
        <translation>すべての設定。</translation>
    </message>
    <message>
        <source>These runs have the same settings.</source>
        <translation>これらの実行の設定は同じです。</translation>
    </message>
    <message>
        <source>1 setting differs.</source>
        <translation>1 件の設定が異なります。</translation>
    </message>
    <message>
        <source>{count} settings differ.</source>
        <translation>{count} 件の設定が異なります。</translation>
    </message>
</context>
<context>
    <name>SamplesPanel</name>
    <message>
        <source>Samples</source>
        <translation>サンプル</translation>
    </message>
    <message>
        <source>What the model writes along the way appears here.</source>
        <translation>学習の途中でモデルが書いたテキストがここに表示されます。</translation>
    </message>
    <message>
        <source>Newest</source>
        <translation>最新</translation>
    </message>
    <message>
        <source>Show each new sample as it is written</source>
        <translation>新しいサンプルを書かれ次第表示します</translation>
    </message>
    <message>
        <source>Timeline of the samples</source>
        <translation>サンプルのタイムライン</translation>
    </message>
    <message>
        <source>Drag, or use the arrow keys, Home and End, to see earlier samples</source>
        <translation>ドラッグまたは矢印キー、Home、End で以前のサンプルを表示します</translation>
    </message>
    <message>
        <source>from “{prompt}”</source>
        <translation>「{prompt}」から</translation>
    </message>
    <message>
        <source>Step {step}, sample {place} of {count}</source>
        <translation>ステップ {step}、サンプル {place} / {count}</translation>
    </message>
    <message>
        <source>Step {step}</source>
        <translation>ステップ {step}</translation>
    </message>
    <message>
        <source>loss {loss}</source>
        <translation>損失 {loss}</translation>
    </message>
    <message>
        <source>Sample at step {step}</source>
        <translation>ステップ {step} のサンプル</translation>
    </message>
    <message>
        <source>Being written…</source>
        <translation>作成中…</translation>
    </message>
    <message>
        <source>This is the first sample.</source>
        <translation>最初のサンプルです。</translation>
    </message>
    <message>
        <source>The first with these settings.</source>
        <translation>この設定での最初のサンプルです。</translation>
    </message>
    <message>
        <source>other than at step {step}</source>
        <translation>ステップ {step} との違い</translation>
    </message>
    <message>
        <source>The same as at step {step}.</source>
        <translation>ステップ {step} と同じです。</translation>
    </message>
</context>
<context>
    <name>SamplingFields</name>
    <message>
        <source>Fewer</source>
        <translation>簡易</translation>
    </message>
    <message>
        <source>More</source>
        <translation>詳細</translation>
    </message>
    <message>
        <source>Show all sampling settings</source>
        <translation>サンプリングの設定をすべて表示</translation>
    </message>
</context>
<context>
    <name>ScheduleField</name>
    <message>
        <source>Learning rate schedule</source>
        <translation>学習率スケジュール</translation>
    </message>
    <message>
        <source>Peak rate and warmup</source>
        <translation>ピーク学習率とウォームアップ</translation>
    </message>
    <message>
        <source>Floor and number of steps</source>
        <translation>下限とステップ数</translation>
    </message>
    <message>
        <source>{peak} after {warmup} steps</source>
        <translation>{warmup} ステップ後に {peak}</translation>
    </message>
    <message>
        <source>{floor} at step {length}</source>
        <translation>ステップ {length} で {floor}</translation>
    </message>
    <message>
        <source>Drag up or down for the peak rate, sideways for the warmup; the arrow keys step.</source>
        <translation>上下にドラッグでピーク学習率、左右にドラッグでウォームアップを変えます。矢印キーでも動きます。</translation>
    </message>
    <message>
        <source>Drag up or down for the floor, sideways for the number of steps; the arrow keys step.</source>
        <translation>上下にドラッグで下限、左右にドラッグでステップ数を変えます。矢印キーでも動きます。</translation>
    </message>
</context>
<context>
    <name>SchedulePreview</name>
    <message>
        <source>Learning rate schedule</source>
        <translation>学習率スケジュール</translation>
    </message>
    <message>
        <source>Rises to {peak} over {warmup} steps, then falls to {floor} at step {last}.</source>
        <translation>{warmup} ステップで {peak} まで上がり、ステップ {last} で {floor} まで下がります。</translation>
    </message>
</context>
<context>
    <name>Settings</name>
    <message>
        <source>Settings</source>
        <translation>環境設定</translation>
    </message>
    <message>
        <source>Look</source>
        <translation>外観</translation>
    </message>
    <message>
        <source>While it trains</source>
        <translation>学習中</translation>
    </message>
    <message>
        <source>On the disk</source>
        <translation>ディスク</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>テーマ</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>言語</translation>
    </message>
    <message>
        <source>Panels</source>
        <translation>パネル</translation>
    </message>
    <message>
        <source>Prepared texts</source>
        <translation>準備したテキスト</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>実行</translation>
    </message>
    <message>
        <source>Begin with the welcome page</source>
        <translation>ようこそページから始める</translation>
    </message>
    <message>
        <source>Keep the computer from falling asleep</source>
        <translation>コンピュータをスリープさせない</translation>
    </message>
    <message>
        <source>Tell on the desktop when it is done, if I am elsewhere</source>
        <translation>席を外している間に終わったら、デスクトップで知らせる</translation>
    </message>
    <message>
        <source>Tell on the desktop when it needs me, if I am elsewhere</source>
        <translation>席を外している間に問題が起きたら、デスクトップで知らせる</translation>
    </message>
    <message>
        <source>As the system has it</source>
        <translation>システムに合わせる</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>ダーク</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>ライト</translation>
    </message>
    <message>
        <source>Restore the layout</source>
        <translation>配置を元に戻す</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>消去</translation>
    </message>
    <message>
        <source>Clear the prepared texts</source>
        <translation>準備したテキストを消去</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>表示</translation>
    </message>
    <message>
        <source>Show the runs in the file manager</source>
        <translation>実行をファイルマネージャで表示</translation>
    </message>
    <message>
        <source>Texts as tokens, kept so that the next run on them starts at once. What is cleared is made again from its text when it is needed.</source>
        <translation>トークンにしたテキストです。次の実行がすぐに始まるように保存しています。消去しても、必要になればテキストから作り直します。</translation>
    </message>
    <message>
        <source>To keep them elsewhere, set the environment variable GPT_WORKBENCH_HOME to a folder and move the folder runs there.</source>
        <translation>別の場所に置くには、環境変数 GPT_WORKBENCH_HOME にフォルダを指定し、runs フォルダをそこへ移してください。</translation>
    </message>
    <message>
        <source>looking…</source>
        <translation>調べています…</translation>
    </message>
    <message>
        <source>{size}, {freed} were freed</source>
        <translation>{size} ({freed} を空けました)</translation>
    </message>
</context>
<context>
    <name>SetupPanel</name>
    <message>
        <source>Setup</source>
        <translation>設定</translation>
    </message>
    <message>
        <source>Open…</source>
        <translation>開く…</translation>
    </message>
    <message>
        <source>Open a configuration from a TOML file</source>
        <translation>TOML ファイルから設定を開きます</translation>
    </message>
    <message>
        <source>Save as…</source>
        <translation>名前を付けて保存…</translation>
    </message>
    <message>
        <source>Save this configuration as a TOML file</source>
        <translation>この設定を TOML ファイルに保存します</translation>
    </message>
    <message>
        <source>Find a setting</source>
        <translation>設定を検索</translation>
    </message>
    <message>
        <source>not GPT-1&apos;s</source>
        <translation>GPT-1 と異なる</translation>
    </message>
    <message>
        <source>not the preset&apos;s</source>
        <translation>プリセットと異なる</translation>
    </message>
    <message>
        <source>fixed once training starts</source>
        <translation>学習開始後は固定</translation>
    </message>
    <message>
        <source>DATA</source>
        <translation>データ</translation>
    </message>
    <message>
        <source>MODEL</source>
        <translation>モデル</translation>
    </message>
    <message>
        <source>SCHEDULE</source>
        <translation>スケジュール</translation>
    </message>
    <message>
        <source>OPTIMIZER</source>
        <translation>オプティマイザ</translation>
    </message>
    <message>
        <source>TRAINING</source>
        <translation>学習</translation>
    </message>
    <message>
        <source>SAMPLES ALONG THE WAY</source>
        <translation>途中のサンプル</translation>
    </message>
    <message>
        <source>live</source>
        <translation>学習中も変更可</translation>
    </message>
    <message>
        <source>These may be changed while a run trains.</source>
        <translation>ここの設定は学習中も変更できます。</translation>
    </message>
    <message>
        <source>not the preset&apos;s ({count})</source>
        <translation>プリセットと異なる ({count})</translation>
    </message>
    <message>
        <source>No setting says “{words}”.</source>
        <translation>「{words}」に当てはまる設定はありません。</translation>
    </message>
    <message>
        <source>Saved as {path}.</source>
        <translation>{path} に保存しました。</translation>
    </message>
    <message>
        <source>Open a configuration</source>
        <translation>設定を開く</translation>
    </message>
    <message>
        <source>Save this configuration</source>
        <translation>この設定を保存</translation>
    </message>
    <message>
        <source>Configurations (*.toml)</source>
        <translation>設定ファイル (*.toml)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>すべてのファイル (*)</translation>
    </message>
</context>
<context>
    <name>Shortcuts</name>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>キーボードショートカット</translation>
    </message>
    <message>
        <source>Search the shortcuts</source>
        <translation>ショートカットを検索</translation>
    </message>
    <message>
        <source>What it does</source>
        <translation>動作</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>キー</translation>
    </message>
    <message>
        <source>{keys} finds everything else by its name.</source>
        <translation>ほかの操作は {keys} を押して名前で探せます。</translation>
    </message>
    <message>
        <source>No shortcut is called that. Try fewer letters.</source>
        <translation>その名前のショートカットはありません。文字を減らしてみてください。</translation>
    </message>
    <message>
        <source>Whole window</source>
        <translation>画面全体</translation>
    </message>
</context>
<context>
    <name>SourceField</name>
    <message>
        <source>Files…</source>
        <translation>ファイル…</translation>
    </message>
    <message>
        <source>Folder…</source>
        <translation>フォルダ…</translation>
    </message>
    <message>
        <source>Choose a text</source>
        <translation>テキストを選択</translation>
    </message>
    <message>
        <source>Choose text files</source>
        <translation>テキストファイルを選択</translation>
    </message>
    <message>
        <source>Choose a folder of text files</source>
        <translation>テキストファイルのフォルダを選択</translation>
    </message>
</context>
<context>
    <name>StepPlot</name>
    <message>
        <source>On the curves</source>
        <translation>曲線の上</translation>
    </message>
    <message>
        <source>Move the crosshair</source>
        <translation>十字線を動かす</translation>
    </message>
    <message>
        <source>Move the crosshair further</source>
        <translation>十字線を大きく動かす</translation>
    </message>
    <message>
        <source>Move the view</source>
        <translation>表示範囲を動かす</translation>
    </message>
    <message>
        <source>Zoom along the run</source>
        <translation>横方向に拡大・縮小</translation>
    </message>
    <message>
        <source>Zoom the height</source>
        <translation>縦方向に拡大・縮小</translation>
    </message>
    <message>
        <source>Show the whole run</source>
        <translation>実行全体を表示</translation>
    </message>
    <message>
        <source>Read the batch of the step at the crosshair</source>
        <translation>十字線のステップのバッチを読む</translation>
    </message>
    <message>
        <source>Take the crosshair away</source>
        <translation>十字線を消す</translation>
    </message>
</context>
<context>
    <name>TextField</name>
    <message>
        <source>none</source>
        <translation>なし</translation>
    </message>
</context>
<context>
    <name>TryOut</name>
    <message>
        <source>How it splits into tokens</source>
        <translation>トークンへの分かれ方</translation>
    </message>
    <message>
        <source>Type here to see tokens</source>
        <translation>入力するとトークンを表示</translation>
    </message>
    <message>
        <source>Text to try the tokenizer on</source>
        <translation>トークナイザを試すテキスト</translation>
    </message>
    <message>
        <source>Its tokens</source>
        <translation>そのトークン</translation>
    </message>
    <message>
        <source>· a space, ↵ a line end, ▪ part of a character; struck out: unknown</source>
        <translation>· は空白、↵ は改行、▪ は文字の一部。取り消し線は未知</translation>
    </message>
    <message>
        <source>The open run makes its tokenizer when it prepares its text.</source>
        <translation>開いている実行は、テキストの準備時にトークナイザーを作ります。</translation>
    </message>
    <message>
        <source>{count} unknown: {characters}</source>
        <translation>未知 {count} 個: {characters}</translation>
    </message>
    <message>
        <source>Prepare the text first: its characters are the tokens.</source>
        <translation>先にテキストを準備してください。その文字がトークンになります。</translation>
    </message>
    <message>
        <source>Prepare the text first: bpe learns its tokens from it.</source>
        <translation>先にテキストを準備してください。bpe はそこからトークンを学びます。</translation>
    </message>
    <message>
        <source>Type above to see tokens.</source>
        <translation>上に入力するとトークンが表示されます。</translation>
    </message>
    <message>
        <source>{tokens} tokens for {characters} characters: {each} characters each.</source>
        <translation>{characters} 文字で {tokens} トークン: 1 トークンあたり {each} 文字。</translation>
    </message>
</context>
<context>
    <name>WelcomePanel</name>
    <message>
        <source>Start quickstart</source>
        <translation>クイックスタートを開始</translation>
    </message>
    <message>
        <source>Choose a folder…</source>
        <translation>フォルダを選択…</translation>
    </message>
    <message>
        <source>Open a run…</source>
        <translation>実行を開く…</translation>
    </message>
    <message>
        <source>Hide this page</source>
        <translation>このページを隠す</translation>
    </message>
    <message>
        <source>Show the empty curves instead; the View menu brings it back</source>
        <translation>代わりに空の曲線を表示します。「表示」メニューから元に戻せます</translation>
    </message>
    <message>
        <source>All runs</source>
        <translation>すべての実行</translation>
    </message>
    <message>
        <source>Your runs appear here once you have started one.</source>
        <translation>実行を開始すると、ここに表示されます。</translation>
    </message>
    <message>
        <source>A run is open: leave it first with New run (Ctrl+N).</source>
        <translation>実行が開いています。先に「新しい実行」(Ctrl+N) で離れてください。</translation>
    </message>
    <message>
        <source>{name} is chosen. Data shows what it is, Plan what it will take; then press Start.</source>
        <translation>{name} を選びました。「データ」で内容を、「計画」で必要なものを確かめ、「開始」を押してください。</translation>
    </message>
    <message>
        <source>Train a GPT of your own</source>
        <translation>自分だけの GPT を育てよう</translation>
    </message>
    <message>
        <source>Choose files…</source>
        <translation>ファイルを選択…</translation>
    </message>
    <message>
        <source>Quickstart</source>
        <translation>クイックスタート</translation>
    </message>
    <message>
        <source>A small model learns to write Python’s reference, in minutes and on any computer.</source>
        <translation>小さなモデルが Python リファレンスの書き方を数分で学びます。どのコンピュータでも動きます。</translation>
    </message>
    <message>
        <source>Your own text</source>
        <translation>自分のテキスト</translation>
    </message>
    <message>
        <source>Open it to look at its curves, prompt its model or train on; or drop its folder here.</source>
        <translation>開いて曲線を見る、モデルに書かせる、学習を続ける。フォルダをここにドロップしても開けます。</translation>
    </message>
    <message>
        <source>Recent runs</source>
        <translation>最近の実行</translation>
    </message>
    <message>
        <source>Choose text files or a folder of them, or drop them here; then press Start.</source>
        <translation>テキストファイルやフォルダを選ぶか、ここにドロップしてから、「開始」を押してください。</translation>
    </message>
    <message>
        <source>An existing run</source>
        <translation>既存の実行</translation>
    </message>
    <message>
        <source>Choose a text to train on</source>
        <translation>学習するテキストを選択</translation>
    </message>
</context>
<context>
    <name>Workspace</name>
    <message>
        <source>{state} here</source>
        <translation>{state} (この画面)</translation>
    </message>
</context>
<context>
    <name>_Notice</name>
    <message>
        <source>Details of the error</source>
        <translation>エラーの詳細</translation>
    </message>
    <message>
        <source>Also in {path}</source>
        <translation>{path} にもあります</translation>
    </message>
    <message>
        <source>Open its folder</source>
        <translation>フォルダを開く</translation>
    </message>
    <message>
        <source>Open the folder of the run&apos;s log</source>
        <translation>実行のログのフォルダを開く</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>コピー</translation>
    </message>
    <message>
        <source>Copy the details of the error</source>
        <translation>エラーの詳細をコピー</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>詳細</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>閉じる</translation>
    </message>
</context>
<context>
    <name>_Recent</name>
    <message>
        <source>best {loss}</source>
        <translation>最良 {loss}</translation>
    </message>
</context>
<context>
    <name>_TitleBar</name>
    <message>
        <source>Put {panel} back into the window</source>
        <translation>{panel} をメイン画面に戻す</translation>
    </message>
    <message>
        <source>Take {panel} out of the window</source>
        <translation>{panel} を独立した画面にする</translation>
    </message>
    <message>
        <source>Hide {panel}; the View menu shows it again</source>
        <translation>{panel} を隠す。「表示」メニューで再び表示できます</translation>
    </message>
</context>
<context>
    <name>_View</name>
    <message>
        <source>In the table of the runs</source>
        <translation>実行の表</translation>
    </message>
</context>
<context>
    <name>answerers</name>
    <message>
        <source>step {step}</source>
        <translation>ステップ {step}</translation>
    </message>
    <message>
        <source>model now</source>
        <translation>今のモデル</translation>
    </message>
    <message>
        <source>newest checkpoint</source>
        <translation>最新のチェックポイント</translation>
    </message>
    <message>
        <source>now · step {step}</source>
        <translation>今 · ステップ {step}</translation>
    </message>
    <message>
        <source>newest · step {step}</source>
        <translation>最新 · ステップ {step}</translation>
    </message>
</context>
<context>
    <name>errors</name>
    <message>
        <source>{field}: {problem}</source>
        <translation>{field}: {problem}</translation>
    </message>
    <message>
        <source>There is no section [{section}]; the sections are {known}.</source>
        <translation>セクション [{section}] はありません。あるのは {known} です。</translation>
    </message>
    <message>
        <source>There is no setting {name}; did you mean {suggestion}?</source>
        <translation>設定 {name} はありません。{suggestion} のことですか?</translation>
    </message>
    <message>
        <source>[{section}] must hold settings such as {example}, not {value}.</source>
        <translation>[{section}] には {value} ではなく、{example} のような設定を書いてください。</translation>
    </message>
    <message>
        <source>{value} is not a number.</source>
        <translation>{value} は数値ではありません。</translation>
    </message>
    <message>
        <source>{value} is not a whole number.</source>
        <translation>{value} は整数ではありません。</translation>
    </message>
    <message>
        <source>{value} is not a finite number.</source>
        <translation>{value} は有限の数ではありません。</translation>
    </message>
    <message>
        <source>{value} is neither true nor false.</source>
        <translation>{value} は true でも false でもありません。</translation>
    </message>
    <message>
        <source>{value} is not text.</source>
        <translation>{value} はテキストではありません。</translation>
    </message>
    <message>
        <source>{value} is not a list of texts such as [&quot;END&quot;].</source>
        <translation>{value} は [&quot;END&quot;] のようなテキストのリストではありません。</translation>
    </message>
    <message>
        <source>{value} is not one of {choices}.</source>
        <translation>{value} は {choices} のどれでもありません。</translation>
    </message>
    <message>
        <source>{value} is below {limit}, the smallest value allowed.</source>
        <translation>{value} は最小値 {limit} より小さい値です。</translation>
    </message>
    <message>
        <source>{value} is above {limit}, the largest value allowed.</source>
        <translation>{value} は最大値 {limit} より大きい値です。</translation>
    </message>
    <message>
        <source>{value} must be more than {limit}.</source>
        <translation>{value} は使えません。{limit} より大きい値にしてください。</translation>
    </message>
    <message>
        <source>{value} must be less than {limit}.</source>
        <translation>{value} は {limit} より小さくしてください。</translation>
    </message>
    <message>
        <source>This must not be empty.</source>
        <translation>空にはできません。</translation>
    </message>
    <message>
        <source>{value} cannot be used here: {reason}.</source>
        <translation>{value} はここでは使えません: {reason}。</translation>
    </message>
    <message>
        <source>The embedding dimension {embedding_dim} is not a multiple of the {num_heads} attention heads; {nearest} would be.</source>
        <translation>埋め込み次元 {embedding_dim} はアテンションヘッド数 {num_heads} の倍数ではありません。{nearest} なら倍数です。</translation>
    </message>
    <message>
        <source>The warmup of {warmup_steps} steps is longer than the run of {max_steps} steps.</source>
        <translation>ウォームアップ {warmup_steps} ステップが、実行全体の {max_steps} ステップより長くなっています。</translation>
    </message>
    <message>
        <source>The final learning rate {min_lr} is above the peak {max_lr}.</source>
        <translation>最後の学習率 {min_lr} がピーク {max_lr} を超えています。</translation>
    </message>
    <message>
        <source>{text} is not of the form section.field=value.</source>
        <translation>{text} は section.field=value の形になっていません。</translation>
    </message>
    <message>
        <source>{path} is not valid TOML: {reason}.</source>
        <translation>{path} は正しい TOML ではありません: {reason}。</translation>
    </message>
    <message>
        <source>{name!r} cannot be the name of a preset: take letters, digits, spaces and . - + ( ), at most 60 of them.</source>
        <translation>{name!r} はプリセットの名前にできません。文字、数字、空白と . - + ( ) を 60 字以内で使ってください。</translation>
    </message>
    <message>
        <source>{name} is a built-in preset; choose another name.</source>
        <translation>{name} は組み込みのプリセットです。ほかの名前にしてください。</translation>
    </message>
    <message>
        <source>There is a preset {name} already; choose another name.</source>
        <translation>プリセット {name} はすでにあります。ほかの名前にしてください。</translation>
    </message>
    <message>
        <source>There is no preset and no file named {name}; the presets are {known}.</source>
        <translation>{name} という名前のプリセットもファイルもありません。プリセットは {known} です。</translation>
    </message>
    <message>
        <source>{count} settings cannot be used.</source>
        <translation>使えない設定が {count} 件あります。</translation>
    </message>
    <message>
        <source>There is no text at {path}; choose a file, a folder, or one of {known}.</source>
        <translation>{path} が見つかりません。ファイル、フォルダ、または {known} のどれかを選んでください。</translation>
    </message>
    <message>
        <source>{path} cannot be read: {reason}.</source>
        <translation>{path} を読み込めません: {reason}。</translation>
    </message>
    <message>
        <source>{path} is neither a file nor a folder; choose one of these.</source>
        <translation>{path} はファイルでもフォルダでもありません。どちらかを選んでください。</translation>
    </message>
    <message>
        <source>{path} holds no text.</source>
        <translation>{path} にはテキストがありません。</translation>
    </message>
    <message>
        <source>{path} holds no text files; of a folder, files that end in {known} are read.</source>
        <translation>{path} にはテキストファイルがありません。フォルダからは {known} で終わるファイルを読み込みます。</translation>
    </message>
    <message>
        <source>{path} is not a text that can be read: byte {offset} fits neither UTF-8 nor UTF-16, cp932 or EUC-JP; convert the file to UTF-8 or leave it out.</source>
        <translation>{path} はテキストとして読めません: バイト {offset} が UTF-8、UTF-16、cp932、EUC-JP のどれにも合いません。UTF-8 に変換するか、このファイルを外してください。</translation>
    </message>
    <message>
        <source>{path} is not a text that can be read: byte {offset} is zero, which stands in no text; convert the file to UTF-8 or leave it out.</source>
        <translation>{path} は読めるテキストではありません。バイト {offset} がゼロで、これはテキストには現れません。ファイルを UTF-8 に変換するか、除いてください。</translation>
    </message>
    <message>
        <source>{path} is not in {encoding} throughout: byte {offset} cannot be decoded; mend the file, or set data.encoding to what it is in.</source>
        <translation>{path} は全体が {encoding} ではありません: バイト {offset} をデコードできません。ファイルを直すか、data.encoding を実際の文字コードにしてください。</translation>
    </message>
    <message>
        <source>{path} cannot be unpacked: {reason}; fetch or make it anew.</source>
        <translation>{path} を展開できません: {reason}。取得し直すか、作り直してください。</translation>
    </message>
    <message>
        <source>Line {line} of {path} cannot be used: {reason}.</source>
        <translation>{path} の {line} 行目は使えません: {reason}。</translation>
    </message>
    <message>
        <source>Line {line} of {path} has no column {column}; there are: {known}. Set data.column to the one that holds the text, or name the files to read with a pattern such as texts/*.md.</source>
        <translation>{path} の {line} 行目に列 {column} がありません。あるのは {known} です。data.column にテキストの列を指定するか、texts/*.md のようなパターンで読み込むファイルを指定してください。</translation>
    </message>
    <message>
        <source>The text {source} is no longer the one that this run was trained on; bring that back to train on, or start a new run.</source>
        <translation>テキスト {source} は、この実行が学習したものから変わっています。学習を続けるには元に戻すか、新しい実行を始めてください。</translation>
    </message>
    <message>
        <source>{path} is not the tokenizer that this run was trained with; put that one back, or start a new run.</source>
        <translation>{path} は、この実行の学習に使われたトークナイザではありません。元のものに戻すか、新しい実行を始めてください。</translation>
    </message>
    <message>
        <source>{path} was changed, but what it says of {fields} is fixed since training began: the checkpoint&apos;s values hold. Start a new run to change them.</source>
        <translation>{path} が変更されましたが、{fields} は学習の開始以降は固定で、チェックポイントの値が使われます。変えるには新しい run を始めてください。</translation>
    </message>
    <message>
        <source>The data set {source} cannot be had: {reason}.</source>
        <translation>データセット {source} を取得できません: {reason}。</translation>
    </message>
    <message>
        <source>This needs the package {package}; install it with: {command}</source>
        <translation>パッケージ {package} が必要です。次のコマンドでインストールしてください: {command}</translation>
    </message>
    <message>
        <source>The tokens of this run are not there: {path}; to train on, put its text {source} back, from which they are made again.</source>
        <translation>この実行のトークンがありません: {path}。学習を続けるにはテキスト {source} を元の場所に戻してください。そこから作り直します。</translation>
    </message>
    <message>
        <source>{share} of the text is not in the vocabulary of {tokenizer}, which is made for English; the model cannot learn it. Choose the tokenizer bpe for such a text.</source>
        <translation>テキストの {share} が、英語用の {tokenizer} の語彙にありません。モデルはその部分を学べません。このようなテキストにはトークナイザ bpe を選んでください。</translation>
    </message>
    <message>
        <source>{share} of the text is not in the vocabulary of {tokenizer} and becomes &lt;unk&gt;: {characters}.</source>
        <translation>テキストの {share} が {tokenizer} の語彙になく、&lt;unk&gt; になります: {characters}。</translation>
    </message>
    <message>
        <source>{share} of the text has no token and is left out: {characters}.</source>
        <translation>テキストの {share} にはトークンがなく、除かれます: {characters}。</translation>
    </message>
    <message>
        <source>The text has {count} different characters, most of them rare; the tokenizer bpe suits it better: choose it in data.tokenizer.</source>
        <translation>テキストには {count} 種類の文字があり、ほとんどは稀にしか現れません。トークナイザ bpe のほうが合います。data.tokenizer で選んでください。</translation>
    </message>
    <message>
        <source>{count} of {documents} documents are the same as an earlier one; data.deduplicate drops them.</source>
        <translation>{documents} 文書のうち {count} 件は前の文書と同じです。data.deduplicate で除けます。</translation>
    </message>
    <message>
        <source>The text {source} is not there any more; put it back to train on. The model can be prompted without it.</source>
        <translation>テキスト {source} がなくなっています。学習を続けるには元に戻してください。なくてもモデルにプロンプトを与えることはできます。</translation>
    </message>
    <message>
        <source>The text {source} is prepared when the training begins.</source>
        <translation>テキスト {source} は学習の開始時に準備されます。</translation>
    </message>
    <message>
        <source>{name} of {source} changed while it was being read; start again.</source>
        <translation>{source} の {name} が読み込み中に変わりました。もう一度始めてください。</translation>
    </message>
    <message>
        <source>The training part of {source} has {tokens} tokens, and one window needs {needed}: choose a longer text, a shorter context length, or another validation fraction.</source>
        <translation>{source} の学習用の部分は {tokens} トークンですが、1 系列に {needed} トークン必要です。長いテキスト、短いコンテキスト長、または別の検証の割合を選んでください。</translation>
    </message>
    <message>
        <source>The validation part of {source} has {tokens} tokens, and one window needs {needed}: choose a longer text, a shorter context length, or another validation fraction.</source>
        <translation>{source} の検証用の部分は {tokens} トークンですが、1 系列に {needed} トークン必要です。長いテキスト、短いコンテキスト長、または別の検証の割合を選んでください。</translation>
    </message>
    <message>
        <source>{path} does not hold what was written there; start a new run from its text.</source>
        <translation>{path} の内容が書き込んだものと違います。テキストから新しい実行を始めてください。</translation>
    </message>
    <message>
        <source>{path} is not a tokenizer that can be read: {reason}.</source>
        <translation>{path} はトークナイザとして読み込めません: {reason}。</translation>
    </message>
    <message>
        <source>{path} holds no files of a {kind} tokenizer; choose a folder that holds {known}.</source>
        <translation>{path} に {kind} トークナイザのファイルがありません。{known} のあるフォルダを選んでください。</translation>
    </message>
    <message>
        <source>{path} is not a {kind} tokenizer that can be used: {reason}; choose another folder or another tokenizer.</source>
        <translation>{path} は {kind} トークナイザとして使えません: {reason}。ほかのフォルダかトークナイザを選んでください。</translation>
    </message>
    <message>
        <source>The {kind} tokenizer is not on this machine, and {repository} on the Hugging Face Hub cannot be reached ({reason}). Set data.tokenizer_path to a folder that holds {known}, or try again with a network.</source>
        <translation>{kind} トークナイザがこのマシンになく、Hugging Face Hub の {repository} にも接続できません ({reason})。{known} のあるフォルダを data.tokenizer_path に指定するか、ネットワークに接続して試してください。</translation>
    </message>
    <message>
        <source>The original cleaning needs {package}, which is not installed; run pip install &apos;gpt-workbench[original]&apos;, or set data.cleaning to transformers.</source>
        <translation>original の前処理には {package} が必要ですが、インストールされていません。pip install &apos;gpt-workbench[original]&apos; を実行するか、data.cleaning を transformers にしてください。</translation>
    </message>
    <message>
        <source>The vocabulary is set to {asked}, but the tokenizer has {found} tokens; set it to 0 to take the tokenizer&apos;s.</source>
        <translation>語彙サイズの設定は {asked} ですが、トークナイザは {found} トークンです。0 にするとトークナイザに合わせます。</translation>
    </message>
    <message>
        <source>{path} already holds a run; resume it, or choose another folder.</source>
        <translation>{path} にはすでに実行があります。再開するか、ほかのフォルダを選んでください。</translation>
    </message>
    <message>
        <source>{path} is not an empty folder; choose a new one for the run.</source>
        <translation>{path} は空のフォルダではありません。実行には新しいフォルダを選んでください。</translation>
    </message>
    <message>
        <source>{path} is not a run: it has no run.toml.</source>
        <translation>{path} は実行ではありません: run.toml がありません。</translation>
    </message>
    <message>
        <source>{path} is in use by another process; stop that one first.</source>
        <translation>{path} は別のプロセスが使用中です。先にそちらを停止してください。</translation>
    </message>
    <message>
        <source>{path} cannot be written: {reason}.</source>
        <translation>{path} に書き込めません: {reason}。</translation>
    </message>
    <message>
        <source>A run cannot be called {name}; choose a name that a folder can have, without / or :.</source>
        <translation>実行の名前を {name} にはできません。/ や : を含まない、フォルダに使える名前にしてください。</translation>
    </message>
    <message>
        <source>There is a run called {name} already; choose another name.</source>
        <translation>実行 {name} はすでにあります。ほかの名前にしてください。</translation>
    </message>
    <message>
        <source>{path} could not be moved to the trash; to have it gone, delete the folder yourself.</source>
        <translation>{path} をゴミ箱に移せませんでした。不要なら、フォルダをご自身で削除してください。</translation>
    </message>
    <message>
        <source>{path} is not a record that can be read: {reason}. Move it elsewhere to go on with a new one; the curves so far are in the old one.</source>
        <translation>{path} は読める記録ではありません: {reason}。新しい記録で続けるには、このファイルを別の場所に移してください。これまでの曲線は古い記録に残っています。</translation>
    </message>
    <message>
        <source>By the forecast a batch of {batch_size} windows needs {needed} of the memory of {device}, and {free} are free; where it runs out or gets slow, choose at most {fits}, and a larger train.accumulation to make up for it.</source>
        <translation>予測では、{batch_size} ウィンドウのバッチは {device} のメモリを {needed} 必要としますが、空きは {free} です。足りなくなったり遅くなったりしたら、{fits} 以下にして、その分 train.accumulation を大きくしてください。</translation>
    </message>
    <message>
        <source>{device} ran out of memory with {batch_size} windows at once; choose a smaller train.batch_size and a larger train.accumulation, close what else uses it, then go on.</source>
        <translation>一度に {batch_size} ウィンドウでは {device} のメモリが足りませんでした。train.batch_size を小さく、train.accumulation を大きくし、メモリを使っている他のものを閉じてから続けてください。</translation>
    </message>
    <message>
        <source>{device} ran out of memory with {batch_size} windows at once. By the forecast {fits} fit: set train.batch_size to {fits} and train.accumulation to {accumulation}, which keeps the windows of a step, then go on.</source>
        <translation>一度に {batch_size} ウィンドウでは {device} のメモリが足りませんでした。予測では {fits} なら収まります。train.batch_size を {fits}、train.accumulation を {accumulation} にすれば 1 ステップのウィンドウ数は同じです。その後、続けてください。</translation>
    </message>
    <message>
        <source>{device} ran out of memory with {batch_size} windows at once. By the forecast {fits} fit if activations are recomputed: set train.activation_checkpointing to true, train.batch_size to {fits} and train.accumulation to {accumulation}, then go on.</source>
        <translation>一度に {batch_size} ウィンドウでは {device} のメモリが足りませんでした。予測では、活性値を再計算すれば {fits} が収まります。train.activation_checkpointing を true、train.batch_size を {fits}、train.accumulation を {accumulation} にしてから続けてください。</translation>
    </message>
    <message>
        <source>torch.compile cannot compile here: {reason}. Fork the run, or start it anew, with train.compile = false.</source>
        <translation>torch.compile はここではコンパイルできません: {reason}。train.compile = false にして、実行を分岐するか、新しく始めてください。</translation>
    </message>
    <message>
        <source>{path} has {free} free and {needed} is needed; make room or choose another folder.</source>
        <translation>{path} の空きは {free} ですが、{needed} 必要です。空きを作るか、ほかのフォルダを選んでください。</translation>
    </message>
    <message>
        <source>Validation was best at step {step}, {best}, and has risen to {now} since, while the training loss fell: the model begins to learn its text by heart. The checkpoint of step {step} is kept; more text, more dropout, a smaller model or fewer steps help.</source>
        <translation>検証損失はステップ {step} の {best} が最良で、その後 {now} まで上がりましたが、学習損失は下がり続けています。モデルがテキストを丸暗記し始めています。ステップ {step} のチェックポイントは残してあります。テキストを増やす、ドロップアウトを強める、モデルを小さくする、ステップを減らす、のいずれかが有効です。</translation>
    </message>
    <message>
        <source>Beyond some {count} epochs more passes over the same text teach next to nothing, and it is learnt by heart; more text, fewer steps or a smaller model help.</source>
        <translation>およそ {count} エポックを超えると、同じテキストを繰り返してもほとんど学べず、丸暗記になります。テキストを増やす、ステップを減らす、モデルを小さくする、のいずれかが有効です。</translation>
    </message>
    <message>
        <source>{count} are too many; at most {limit} are allowed.</source>
        <translation>{count} 個は多すぎます。最大 {limit} 個です。</translation>
    </message>
    <message>
        <source>Step {step} has been reached already; choose that length, or a greater one.</source>
        <translation>すでにステップ {step} に達しています。それ以上のステップ数を選んでください。</translation>
    </message>
    <message>
        <source>{path} may be in EUC-JP, but as well in Korean or Chinese; set data.encoding to euc-jp if it is Japanese, else convert the file to UTF-8 or leave it out.</source>
        <translation>{path} は EUC-JP のようですが、韓国語や中国語かもしれません。日本語なら data.encoding を euc-jp にし、そうでなければ UTF-8 に変換するか、このファイルを外してください。</translation>
    </message>
    <message>
        <source>The weights were trained on another text before: this one is gone through from its beginning, and its validation losses do not compare with theirs.</source>
        <translation>重みは以前に別のテキストで学習されています。このテキストは最初から読み、検証損失は以前の値と比べられません。</translation>
    </message>
    <message>
        <source>{path} was changed, but is read no more once training has begun: what held of {fields} goes on. Change it in the window, or with --set as the run is resumed.</source>
        <translation>{path} は変更されましたが、学習の開始後は読み込まれません。{fields} はこれまでの値のままです。ウィンドウで変えるか、再開時に --set で指定してください。</translation>
    </message>
    <message>
        <source>{path} does not hold the tokens of this run; to train on, move it away and put its text {source} in place, from which they are made again.</source>
        <translation>{path} の内容はこの実行のトークンではありません。学習を続けるには、これを別の場所に移し、テキスト {source} を元の場所に置いてください。そこから作り直します。</translation>
    </message>
    <message>
        <source>{path} cannot be read now: {reason}; see to that and try again.</source>
        <translation>{path} を今は読み込めません: {reason}。原因を取り除いてから、もう一度試してください。</translation>
    </message>
    <message>
        <source>The vocabulary of {tokenizer} has no token that ends a text, so nothing keeps the {documents} documents apart; any other tokenizer does.</source>
        <translation>{tokenizer} の語彙には文書の終わりを示すトークンがないため、{documents} 件の文書の境目が分からなくなります。ほかのトークナイザーなら区切られます。</translation>
    </message>
    <message>
        <source>The folder {path} was moved or deleted while its run was trained; put it back to go on, or resume the run where it is now.</source>
        <translation>学習中に実行のフォルダ {path} が移動または削除されました。続けるには元の場所に戻すか、今ある場所から再開してください。</translation>
    </message>
    <message>
        <source>{path} has reached its {max_steps} steps; to go on, raise train.max_steps in the window, or with --set as it is resumed.</source>
        <translation>{path} は {max_steps} ステップに達しています。続けるには、ウィンドウで、または再開時に --set で train.max_steps を増やしてください。</translation>
    </message>
    <message>
        <source>{path} has {free} free and {needed} is needed; make room there. What was prepared earlier takes up {held} of it, which gpt-core prepare --clear-cache deletes.</source>
        <translation>{path} の空きは {free} ですが、{needed} が必要です。空きを作ってください。以前に準備したものがそのうち {held} を占めており、gpt-core prepare --clear-cache で削除できます。</translation>
    </message>
    <message>
        <source>The disk that holds {path} is full; make room and try again. What was prepared earlier takes up {held} of it, which gpt-core prepare --clear-cache deletes.</source>
        <translation>{path} のあるディスクがいっぱいです。空きを作ってからやり直してください。以前に準備したものがそのうち {held} を占めており、gpt-core prepare --clear-cache で削除できます。</translation>
    </message>
    <message>
        <source>The disk that holds {path} is full; make room, then resume from step {step}.</source>
        <translation>{path} のあるディスクがいっぱいです。空きを作って、ステップ {step} から再開してください。</translation>
    </message>
    <message>
        <source>The disk that holds {path} is full; make room and try again.</source>
        <translation>{path} のあるディスクがいっぱいです。空きを作って、もう一度試してください。</translation>
    </message>
    <message>
        <source>The record has no figures of step {step}: choose one that is on the curve.</source>
        <translation>ステップ {step} の値は記録にありません。曲線上にあるステップを選んでください。</translation>
    </message>
    <message>
        <source>Step {step} was made in another text, or another order of it: what it saw is not in this run; open the run that it was forked from.</source>
        <translation>ステップ {step} は別のテキスト、または別の順序で学習されており、そのデータはこの実行にありません。フォーク元の実行を開いてください。</translation>
    </message>
    <message>
        <source>{path} has no checkpoint that can be used; start the run anew.</source>
        <translation>{path} に使えるチェックポイントがありません。実行を最初から始めてください。</translation>
    </message>
    <message>
        <source>The checkpoints of {path} are gone, of which the last was saved at step {step}; put its folder checkpoints back, or start a new run with the settings in its run.toml.</source>
        <translation>{path} のチェックポイント (最後の保存はステップ {step}) がなくなっています。checkpoints フォルダを元に戻すか、その run.toml の設定で新しい実行を開始してください。</translation>
    </message>
    <message>
        <source>The run was ended at step {step} before it had a checkpoint, so it begins anew.</source>
        <translation>この実行は最初のチェックポイントの前にステップ {step} で終了したため、最初から学習し直します。</translation>
    </message>
    <message>
        <source>{path} has no checkpoint at step {step}; it has {known}.</source>
        <translation>{path} にステップ {step} のチェックポイントはありません。あるのは {known} です。</translation>
    </message>
    <message>
        <source>The checkpoint {path} is damaged ({reason}); delete it to go on from the one before.</source>
        <translation>チェックポイント {path} は壊れています ({reason})。削除すると、1 つ前から続けられます。</translation>
    </message>
    <message>
        <source>{path} is the only checkpoint of its run; without it the model would be lost.</source>
        <translation>{path} はこの実行のただ 1 つのチェックポイントです。消すとモデルが失われます。</translation>
    </message>
    <message>
        <source>There is no checkpoint of step {step}; it may have been given up for newer ones. Choose another.</source>
        <translation>ステップ {step} のチェックポイントはありません。新しいもののために削除されたのかもしれません。別のものを選んでください。</translation>
    </message>
    <message>
        <source>To load the model of step {step} takes {needed} of memory, and {free} are free; close what else uses it.</source>
        <translation>ステップ {step} のモデルの読み込みにはメモリが {needed} 必要ですが、空きは {free} です。メモリを使っている他のものを閉じてください。</translation>
    </message>
    <message>
        <source>The checkpoint {path} does not fit the model of its run: {reason}.</source>
        <translation>チェックポイント {path} がこの実行のモデルに合いません: {reason}。</translation>
    </message>
    <message>
        <source>There is no file or folder {name}, and no model on the Hugging Face Hub is named so.</source>
        <translation>{name} というファイルもフォルダもなく、Hugging Face Hub にその名前のモデルもありません。</translation>
    </message>
    <message>
        <source>{name} cannot be had from the Hugging Face Hub: {reason}. Check the name and the connection, or give a folder that holds its files.</source>
        <translation>{name} を Hugging Face Hub から取得できません: {reason}。名前と接続を確認するか、ファイルのあるフォルダを指定してください。</translation>
    </message>
    <message>
        <source>{path} cannot be read as weights: {reason}.</source>
        <translation>{path} を重みとして読み込めません: {reason}。</translation>
    </message>
    <message>
        <source>it is neither safetensors nor what torch.save writes</source>
        <translation>safetensors でも、torch.save が書いたファイルでもありません</translation>
    </message>
    <message>
        <source>{path} is a pickle that holds more than tensors, and reading it could run what it brings; save the weights alone, torch.save(model.state_dict(), ...), and import that.</source>
        <translation>{path} はテンソル以外も含む pickle です。読み込むと中のコードが実行されるおそれがあります。重みだけを torch.save(model.state_dict(), ...) で保存し、それをインポートしてください。</translation>
    </message>
    <message>
        <source>{path} has no tensor {name} of floating-point numbers, which such a model needs.</source>
        <translation>{path} に、このモデルに必要な浮動小数点のテンソル {name} がありません。</translation>
    </message>
    <message>
        <source>{path} holds {name}, for which such a model has no place.</source>
        <translation>{path} にある {name} は、このモデルには入りません。</translation>
    </message>
    <message>
        <source>{name} in {path} has the shape {found} instead of {wanted}.</source>
        <translation>{path} の {name} の形状は {wanted} ではなく {found} です。</translation>
    </message>
    <message>
        <source>{name} in {path} holds numbers that are not finite; the model is of no use.</source>
        <translation>{path} の {name} に有限でない数があります。このモデルは使えません。</translation>
    </message>
    <message>
        <source>The weights in {path} do not tell the number of attention heads, and their width {embedding_dim} is no multiple of 64; give it: --set model.num_heads=N.</source>
        <translation>{path} の重みからはアテンションヘッド数が分からず、埋め込み次元 {embedding_dim} も 64 の倍数ではありません。--set model.num_heads=N で指定してください。</translation>
    </message>
    <message>
        <source>The weights do not tell the number of attention heads; {num_heads} are assumed. If they were trained with another, import them with --set model.num_heads=N.</source>
        <translation>重みからはアテンションヘッド数が分からないため、{num_heads} と仮定します。違う場合は --set model.num_heads=N を付けてインポートしてください。</translation>
    </message>
    <message>
        <source>The weights in {path} were trained with {found}, so it cannot be {asked}.</source>
        <translation>{path} の重みは {found} で学習されているため、{asked} にはできません。</translation>
    </message>
    <message>
        <source>The weights do not tell their tokenizer; name its folder: --tokenizer FOLDER.</source>
        <translation>重みからはトークナイザが分かりません。--tokenizer FOLDER でフォルダを指定してください。</translation>
    </message>
    <message>
        <source>The model in {path} knows {known} tokens and the tokenizer has {found}; name the folder of its own: --tokenizer FOLDER.</source>
        <translation>{path} のモデルは {known} トークン、トークナイザは {found} トークンです。--tokenizer FOLDER でモデルのトークナイザを指定してください。</translation>
    </message>
    <message>
        <source>{path} is not a configuration that can be read: {reason}.</source>
        <translation>{path} は設定として読み込めません: {reason}。</translation>
    </message>
    <message>
        <source>{path} is of the kind {kind}; those that can be imported are {known}.</source>
        <translation>{path} の種類は {kind} です。インポートできるのは {known} です。</translation>
    </message>
    <message>
        <source>{path} has {name} = {value}, which this GPT cannot do; {known} can be imported.</source>
        <translation>{path} の {name} = {value} には、この GPT は対応していません。インポートできるのは {known} です。</translation>
    </message>
    <message>
        <source>{path} holds a {name} that is not the token embedding, although its configuration ties them.</source>
        <translation>{path} の {name} は、設定では共有のはずですが、トークン埋め込みと異なります。</translation>
    </message>
    <message>
        <source>{architecture} cannot have {name} = {value}, as this run does; only {known}.</source>
        <translation>{architecture} は、この実行の {name} = {value} に対応していません。対応するのは {known} だけです。</translation>
    </message>
    <message>
        <source>{path} is not an empty folder; choose a new one.</source>
        <translation>{path} は空のフォルダではありません。新しいフォルダを選んでください。</translation>
    </message>
    <message>
        <source>{path} cannot be used: {reason}.</source>
        <translation>{path} を使えません: {reason}。</translation>
    </message>
    <message>
        <source>Reading or writing failed: {reason}.</source>
        <translation>読み込みまたは書き込みに失敗しました: {reason}。</translation>
    </message>
    <message>
        <source>There is no device {device} here; choose auto or one of {known}.</source>
        <translation>デバイス {device} はここにはありません。auto または {known} を選んでください。</translation>
    </message>
    <message>
        <source>There is an NVIDIA card, but this PyTorch ({version}) has no CUDA, so the CPU is used; install a CUDA build of torch (see pytorch.org, Get Started) to train on the card.</source>
        <translation>NVIDIA の GPU がありますが、この PyTorch ({version}) は CUDA に対応していないため CPU を使います。GPU で学習するには CUDA 版の torch をインストールしてください (pytorch.org の Get Started を参照)。</translation>
    </message>
    <message>
        <source>There is an NVIDIA card, but its driver does not work with this PyTorch ({version}, made for CUDA {cuda}), so the CPU is used; update the driver to train on the card.</source>
        <translation>NVIDIA のカードがありますが、ドライバがこの PyTorch ({version}、CUDA {cuda} 用) では動かないため、CPU を使います。カードで学習するにはドライバを更新してください。</translation>
    </message>
    <message>
        <source>{device} cannot compute in {precision}; choose auto or fp32.</source>
        <translation>{device} は {precision} で計算できません。auto か fp32 を選んでください。</translation>
    </message>
    <message>
        <source>A batch of {batch_size} windows needs about {needed} of memory, and {free} are free; choose at most {fits}, and a larger train.accumulation to make up for it.</source>
        <translation>{batch_size} 系列のバッチには約 {needed} のメモリが必要ですが、空きは {free} です。{fits} 以下にして、その分 train.accumulation を増やしてください。</translation>
    </message>
    <message>
        <source>The memory ran out before the training could begin; close what else uses it, or choose a smaller model or a smaller batch.</source>
        <translation>学習を始める前にメモリが足りなくなりました。メモリを使っている他のものを閉じるか、モデルかバッチを小さくしてください。</translation>
    </message>
    <message>
        <source>The trial steps were ended for want of memory; choose a smaller train.batch_size and a larger train.accumulation.</source>
        <translation>メモリが足りないため、試しのステップを打ち切りました。train.batch_size を減らし、train.accumulation を増やしてください。</translation>
    </message>
    <message>
        <source>The trial steps could not be run: {reason}.</source>
        <translation>試しのステップを実行できませんでした: {reason}。</translation>
    </message>
    <message>
        <source>{text} is not an amount of memory such as 8GiB or 8 GB.</source>
        <translation>{text} は 8GiB や 8 GB のようなメモリ量ではありません。</translation>
    </message>
    <message>
        <source>The optimizer {name} begins without the running means that {before} had gathered, as they mean something else there.</source>
        <translation>オプティマイザー {name} は、{before} が蓄えた移動平均を引き継がずに始まります。意味が異なるためです。</translation>
    </message>
    <message>
        <source>The loss of step {step} is not finite, so that step left the weights as they were; lower the learning rate, then resume.</source>
        <translation>ステップ {step} の損失が有限でないため、重みは更新していません。学習率を下げて再開してください。</translation>
    </message>
    <message>
        <source>The gradient of step {step} is not finite, so that step left the weights as they were; lower the learning rate, then resume.</source>
        <translation>ステップ {step} の勾配が有限でないため、重みは更新していません。学習率を下げて再開してください。</translation>
    </message>
    <message>
        <source>{kind}: {reason}. The run&apos;s log has the details.</source>
        <translation>{kind}: {reason}。詳細は実行のログにあります。</translation>
    </message>
    <message>
        <source>{kind}: {reason}. The details tell where.</source>
        <translation>{kind}: {reason}。場所は詳細にあります。</translation>
    </message>
    <message>
        <source>Write a prompt first: the model needs at least one token to go on from.</source>
        <translation>先にプロンプトを入力してください。続きを書くには少なくとも 1 トークン必要です。</translation>
    </message>
    <message>
        <source>None of the prompt&apos;s characters is in the model&apos;s vocabulary: {characters}.</source>
        <translation>プロンプトの文字がどれもモデルの語彙にありません: {characters}。</translation>
    </message>
    <message>
        <source>Not in the vocabulary, so the model does not see them: {characters}.</source>
        <translation>語彙にないため、モデルには見えません: {characters}。</translation>
    </message>
    <message>
        <source>{device} has too little memory left to answer; ask for fewer samples.</source>
        <translation>{device} には回答するためのメモリが足りません。サンプルを減らしてください。</translation>
    </message>
    <message>
        <source>The checkpoint could not answer: {kind}: {reason}.</source>
        <translation>チェックポイントは回答できませんでした: {kind}: {reason}。</translation>
    </message>
    <message>
        <source>There is no folder {path}; make it first.</source>
        <translation>フォルダ {path} がありません。先に作ってください。</translation>
    </message>
    <message>
        <source>{path} cannot be written as a picture; choose a name that ends in .png.</source>
        <translation>{path} に画像を書き込めません。.png で終わる名前にしてください。</translation>
    </message>
    <message>
        <source>Another window of the workbench has the queue; change it there, or close that window.</source>
        <translation>ワークベンチの別のウィンドウがキューを使っています。そちらで変更するか、そのウィンドウを閉じてください。</translation>
    </message>
    <message>
        <source>The queue in {path} cannot be read ({reason}); it was kept as {kept}, and the queue is empty now.</source>
        <translation>{path} のキューを読めません ({reason})。{kept} として残し、キューは空になりました。</translation>
    </message>
    <message>
        <source>There is no display to open the window on; set DISPLAY, or use the headless twin: {twin}.</source>
        <translation>ウィンドウを開くディスプレイがありません。DISPLAY を設定するか、画面なしのコマンドを使ってください: {twin}。</translation>
    </message>
    <message>
        <source>Qt&apos;s window system needs libraries that are missing here: {packages}. Install them, or use the headless twin: {twin}.</source>
        <translation>Qt のウィンドウシステムに必要なライブラリがありません: {packages}。インストールするか、画面なしのコマンドを使ってください: {twin}。</translation>
    </message>
    <message>
        <source>This machine has no font with Japanese characters, so the window speaks English; install one (on Debian and Ubuntu the package fonts-noto-cjk or fonts-ipafont-gothic) and start anew.</source>
        <translation>このマシンには日本語のフォントがないため、英語で表示します。フォントをインストールして (Debian と Ubuntu では fonts-noto-cjk か fonts-ipafont-gothic)、起動し直してください。</translation>
    </message>
    <message>
        <source>{path} cannot be compiled, so the window speaks English: {reason}.</source>
        <translation>{path} をコンパイルできないため、英語で表示します: {reason}。</translation>
    </message>
    <message>
        <source>it is not JSON, or not in UTF-8: {reason}</source>
        <translation>JSON ではないか、UTF-8 ではありません: {reason}</translation>
    </message>
    <message>
        <source>it has no token {token}</source>
        <translation>トークン {token} がありません</translation>
    </message>
    <message>
        <source>its tokens are not all text</source>
        <translation>トークンがすべてテキストとは限りません</translation>
    </message>
    <message>
        <source>its tokens are not single characters</source>
        <translation>トークンが 1 文字ずつではありません</translation>
    </message>
    <message>
        <source>none of its tokens ends a word with {end}</source>
        <translation>語の終わりを {end} で示すトークンがありません</translation>
    </message>
    <message>
        <source>its tokens are not made of the 256 bytes</source>
        <translation>トークンが 256 バイトからできていません</translation>
    </message>
    <message>
        <source>its merges do not fit its vocabulary</source>
        <translation>マージが語彙と合いません</translation>
    </message>
    <message>
        <source>number {number} of its merges is not a pair</source>
        <translation>マージの {number} 番目が組になっていません</translation>
    </message>
    <message>
        <source>its ids do not run from 0 up</source>
        <translation>ID が 0 から順に並んでいません</translation>
    </message>
    <message>
        <source>the token {token} was added to its vocabulary</source>
        <translation>トークン {token} が語彙に追加されています</translation>
    </message>
    <message>
        <source>{token} has two ids</source>
        <translation>{token} の ID が 2 つあります</translation>
    </message>
    <message>
        <source>it is of another kind</source>
        <translation>種類が違います</translation>
    </message>
    <message>
        <source>its {name} is that of another kind</source>
        <translation>{name} が別の種類のものです</translation>
    </message>
    <message>
        <source>its {name} is {value}</source>
        <translation>{name} が {value} です</translation>
    </message>
    <message>
        <source>it names files outside its folder</source>
        <translation>フォルダの外のファイルを指しています</translation>
    </message>
    <message>
        <source>it has no name</source>
        <translation>名前がありません</translation>
    </message>
    <message>
        <source>owner/name:configuration:split is followed by {rest}</source>
        <translation>owner/name:configuration:split の後に {rest} が続いています</translation>
    </message>
    <message>
        <source>it has {cells} cells and the header {names}; a text that holds {mark} must stand in quotes</source>
        <translation>セルが {cells} 個あり、見出しは {names} 個です。{mark} を含むテキストは引用符で囲んでください</translation>
    </message>
    <message>
        <source>it has {cells} cells and the header {names}</source>
        <translation>セルが {cells} 個あり、見出しは {names} 個です</translation>
    </message>
    <message>
        <source>{name} is missing</source>
        <translation>{name} がありません</translation>
    </message>
    <message>
        <source>This is fixed once training has started; fork or start a new run to change it.</source>
        <translation>学習が始まった後は固定されています。変えるには、実行を分岐するか、新しい実行を始めてください。</translation>
    </message>
    <message>
        <source>The weights depend on this; only a new run can have another.</source>
        <translation>重みがこれに依存しています。変えるには新しい実行が必要です。</translation>
    </message>
    <message>
        <source>{name} cannot be read: {reason}</source>
        <translation>{name} を読み込めません: {reason}</translation>
    </message>
    <message>
        <source>{name} has {found} bytes instead of {size}</source>
        <translation>{name} が {size} バイトではなく {found} バイトです</translation>
    </message>
    <message>
        <source>{name} does not have the SHA-256 it was written with</source>
        <translation>{name} の SHA-256 が書き込み時と異なります</translation>
    </message>
    <message>
        <source>{name} is of format {found}, and this program reads {known}</source>
        <translation>{name} の形式は {found} ですが、このプログラムが読めるのは {known} です</translation>
    </message>
    <message>
        <source>{name} is not as it was written</source>
        <translation>{name} が書き込んだ内容と異なります</translation>
    </message>
    <message>
        <source>{name} does not hold a JSON object</source>
        <translation>{name} が JSON オブジェクトではありません</translation>
    </message>
    <message>
        <source>there is no such file</source>
        <translation>ファイルがありません</translation>
    </message>
    <message>
        <source>it is not a run&apos;s record</source>
        <translation>実行の記録ではありません</translation>
    </message>
    <message>
        <source>its format is {found}, and this program reads {known}</source>
        <translation>形式は {found} ですが、このプログラムが読めるのは {known} です</translation>
    </message>
    <message>
        <source>nested too deeply</source>
        <translation>入れ子が深すぎます</translation>
    </message>
    <message>
        <source>it lacks a part</source>
        <translation>必要な部分がありません</translation>
    </message>
    <message>
        <source>it is not JSON, {reason}</source>
        <translation>JSON ではありません ({reason})</translation>
    </message>
    <message>
        <source>it is nested too deeply</source>
        <translation>入れ子が深すぎます</translation>
    </message>
    <message>
        <source>it is not an object of fields such as {{&quot;text&quot;: &quot;...&quot;}}</source>
        <translation>{{&quot;text&quot;: &quot;...&quot;}} のようなオブジェクトではありません</translation>
    </message>
    <message>
        <source>it is longer than {limit} characters</source>
        <translation>{limit} 文字より長い行です</translation>
    </message>
    <message>
        <source>its {column} is not text but {kind}</source>
        <translation>{column} がテキストではなく {kind} です</translation>
    </message>
</context>
<context>
    <name>presets</name>
    <message>
        <source>A small character model of the Python language reference: readable words in minutes, on a CPU too.</source>
        <translation>Python 言語リファレンスを学ぶ小さな文字モデル。CPU でも数分で、読める単語を書くようになります。</translation>
    </message>
    <message>
        <source>GPT-1 as its paper trained it, for a GPU with 40 GB or more (else gpt1-8gb): point Text at your books; the paper went 100 times through its own, 64 windows of 512 tokens a step.</source>
        <translation>論文のとおりに学習した GPT-1。40 GB 以上の GPU 向けです (それ以外は gpt1-8gb)。「テキスト」に手元の本を指定してください。論文では 1 ステップ 512 トークン × 64 ウィンドウで、テキストを 100 回繰り返しました。</translation>
    </message>
    <message>
        <source>GPT-1 for a card of 8 GB: the paper&apos;s recipe and batch of 64 windows, in eight parts whose gradients are summed. Point Text at your books.</source>
        <translation>8 GB の GPU 向けの GPT-1。論文のレシピと 64 系列のバッチを 8 つに分け、勾配を累積します。「テキスト」に書籍を指定してください。</translation>
    </message>
    <message>
        <source>GPT-2&apos;s smallest model with nanoGPT&apos;s recipe, for large GPUs and a large text (input.txt): about half a million tokens a step.</source>
        <translation>最小の GPT-2 を nanoGPT のレシピで学習します。大きな GPU と大きなテキスト (input.txt) 向け。1 ステップに約 50 万トークン。</translation>
    </message>
    <message>
        <source>A small GPT for Japanese text of a few megabytes and more (input.txt): it learns a vocabulary of its own from the text, byte by byte, so that no character is unknown.</source>
        <translation>数 MB 以上の日本語テキスト (input.txt) 向けの小さな GPT。テキストからバイト単位で語彙を学ぶので、未知の文字がありません。</translation>
    </message>
    <message>
        <source>The GPT of the notebook &quot;GPT from scratch&quot;, on a text of your own (input.txt), with what it lacked to train: a causal mask, a head, GPT-1&apos;s first weights, accumulation.</source>
        <translation>ノートブック「GPT from scratch」の GPT を自分のテキスト (input.txt) で。学習に足りなかった因果マスク、出力層、GPT-1 の重み初期化、勾配累積を補いました。</translation>
    </message>
    <message>
        <source>nanoGPT&apos;s small Shakespeare recipe for a CPU: point Text at a copy of Tiny Shakespeare (input.txt); it reaches about 1.88 nats per character.</source>
        <translation>nanoGPT の CPU 向けのシェイクスピアの設定。「テキスト」に Tiny Shakespeare (input.txt) を指定してください。約 1.88 nat/文字に達します。</translation>
    </message>
    <message>
        <source>nanoGPT&apos;s Shakespeare recipe for a GPU: point Text at a copy of Tiny Shakespeare (input.txt); its best validation is about 1.47 nats per character.</source>
        <translation>nanoGPT の GPU 向けシェイクスピア。「テキスト」に Tiny Shakespeare (input.txt) を指定してください。最良の検証損失は約 1.47 nat/文字です。</translation>
    </message>
</context>
<context>
    <name>settings</name>
    <message>
        <source>More than {lowest} and less than {highest}.</source>
        <translation>{lowest} より大きく {highest} 未満。</translation>
    </message>
    <message>
        <source>More than {lowest}, at most {highest}.</source>
        <translation>{lowest} より大きく {highest} 以下。</translation>
    </message>
    <message>
        <source>At least {lowest}, less than {highest}.</source>
        <translation>{lowest} 以上 {highest} 未満。</translation>
    </message>
    <message>
        <source>From {lowest} to {highest}.</source>
        <translation>{lowest} 以上 {highest} 以下。</translation>
    </message>
    <message>
        <source>GPT-1: {value}.</source>
        <translation>GPT-1: {value}。</translation>
    </message>
    <message>
        <source>on</source>
        <translation>オン</translation>
    </message>
    <message>
        <source>off</source>
        <translation>オフ</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>テキスト</translation>
    </message>
    <message>
        <source>A file, a folder, a pattern such as texts/*.md, several of these with ; between them, a data set of the Hugging Face Hub (hub:owner/name[:config[:split]]), or a built-in text: builtin:python-reference, builtin:python-stdlib.</source>
        <translation>ファイル、フォルダ、texts/*.md のようなパターン、これらを ; で区切ったもの、Hugging Face Hub のデータセット (hub:owner/name[:config[:split]])、または内蔵のテキスト: builtin:python-reference、builtin:python-stdlib。</translation>
    </message>
    <message>
        <source>Column</source>
        <translation>列</translation>
    </message>
    <message>
        <source>Which field of JSON lines, column of Parquet or CSV files, or of a data set, holds the text.</source>
        <translation>テキストのある列。JSON Lines のフィールド、Parquet・CSV・データセットの列の名前です。</translation>
    </message>
    <message>
        <source>Encoding</source>
        <translation>文字コード</translation>
    </message>
    <message>
        <source>How the files&apos; bytes stand for characters; auto finds out file by file.</source>
        <translation>ファイルの文字コード。auto はファイルごとに判別します。</translation>
    </message>
    <message>
        <source>Drop duplicates</source>
        <translation>重複の除去</translation>
    </message>
    <message>
        <source>Keep only the first of documents that are the same.</source>
        <translation>同じ文書は最初の 1 つだけ残します。</translation>
    </message>
    <message>
        <source>Tokenizer</source>
        <translation>トークナイザ</translation>
    </message>
    <message>
        <source>characters: one token a character. bpe: byte-level byte-pair encoding, trained on the text. gpt2, gpt1: those models&apos; own, made for English.</source>
        <translation>characters: 1 文字 1 トークン。bpe: テキストで学習するバイトレベルの BPE。gpt2、gpt1: 各モデルのもので英語用。</translation>
    </message>
    <message>
        <source>Tokenizer files</source>
        <translation>トークナイザのファイル</translation>
    </message>
    <message>
        <source>A folder that holds the files of gpt2 or gpt1; empty takes them from the Hugging Face Hub.</source>
        <translation>gpt2 または gpt1 のファイルがあるフォルダ。空なら Hugging Face Hub から取得します。</translation>
    </message>
    <message>
        <source>Cleaning</source>
        <translation>前処理</translation>
    </message>
    <message>
        <source>How gpt1 prepares a text. transformers: in lower case, as that library does. original: ftfy and spaCy, as GPT-1 was trained; slow, and they must be installed.</source>
        <translation>gpt1 のテキスト前処理。transformers: そのライブラリと同じく小文字にします。original: GPT-1 の学習時と同じ ftfy と spaCy。遅く、インストールが必要です。</translation>
    </message>
    <message>
        <source>BPE vocabulary</source>
        <translation>BPE 語彙サイズ</translation>
    </message>
    <message>
        <source>Size of the vocabulary that bpe learns.</source>
        <translation>bpe が学習する語彙のサイズ。</translation>
    </message>
    <message>
        <source>tokens</source>
        <translation>トークン</translation>
    </message>
    <message>
        <source>Validation part</source>
        <translation>検証の割合</translation>
    </message>
    <message>
        <source>Share of the text kept for validation and never trained on.</source>
        <translation>検証用に取り分け、学習には使わないテキストの割合。</translation>
    </message>
    <message>
        <source>Vocabulary</source>
        <translation>語彙サイズ</translation>
    </message>
    <message>
        <source>Number of different tokens; 0 takes it from the tokenizer.</source>
        <translation>トークンの種類の数。0 ならトークナイザに合わせます。</translation>
    </message>
    <message>
        <source>Context length</source>
        <translation>コンテキスト長</translation>
    </message>
    <message>
        <source>How many tokens the model sees at once.</source>
        <translation>モデルが一度に見るトークン数。</translation>
    </message>
    <message>
        <source>Embedding dimension</source>
        <translation>埋め込み次元</translation>
    </message>
    <message>
        <source>Width of the vector that stands for each token; a multiple of the heads.</source>
        <translation>各トークンを表すベクトルの次元。ヘッド数の倍数です。</translation>
    </message>
    <message>
        <source>FFN dimension</source>
        <translation>FFN 次元</translation>
    </message>
    <message>
        <source>Width of the hidden layer in each feed-forward network; often four times the embedding dimension.</source>
        <translation>各フィードフォワード層の隠れ層の次元。埋め込み次元の 4 倍がよく使われます。</translation>
    </message>
    <message>
        <source>Attention heads</source>
        <translation>ヘッド数</translation>
    </message>
    <message>
        <source>Attention heads in each layer.</source>
        <translation>各層のアテンションヘッドの数。</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>層数</translation>
    </message>
    <message>
        <source>Decoder layers, one upon the other.</source>
        <translation>積み重ねるデコーダ層の数。</translation>
    </message>
    <message>
        <source>Layer norm</source>
        <translation>層正規化</translation>
    </message>
    <message>
        <source>post: after each sum, as in GPT-1. pre: before each part and once at the end, as in GPT-2, which trains more easily.</source>
        <translation>post: GPT-1 と同じく、残差を加えた後。pre: GPT-2 と同じく、各ブロックの前と最後。学習が安定しやすくなります。</translation>
    </message>
    <message>
        <source>Activation</source>
        <translation>活性化関数</translation>
    </message>
    <message>
        <source>gelu: exact. gelu_tanh: the approximation in GPT-1&apos;s and GPT-2&apos;s code.</source>
        <translation>gelu: 厳密。gelu_tanh: GPT-1 と GPT-2 のコードにある近似。</translation>
    </message>
    <message>
        <source>Tied head</source>
        <translation>重み共有</translation>
    </message>
    <message>
        <source>Use the token embedding as the output layer too, as GPT-1 does.</source>
        <translation>GPT-1 と同じく、トークン埋め込みの重みを出力層と共有します。</translation>
    </message>
    <message>
        <source>Biases</source>
        <translation>バイアス</translation>
    </message>
    <message>
        <source>Biases in linear layers and layer norms.</source>
        <translation>線形層と層正規化にバイアスを付けます。</translation>
    </message>
    <message>
        <source>Embedding dropout</source>
        <translation>埋め込み Dropout</translation>
    </message>
    <message>
        <source>Share of the embedding&apos;s values dropped in training.</source>
        <translation>埋め込みのドロップアウト率。学習中に落とす値の割合です。</translation>
    </message>
    <message>
        <source>Attention dropout</source>
        <translation>アテンション Dropout</translation>
    </message>
    <message>
        <source>Share of attention weights dropped in training; slow on a CPU.</source>
        <translation>アテンションの重みのドロップアウト率。CPU では遅くなります。</translation>
    </message>
    <message>
        <source>Residual dropout</source>
        <translation>残差 Dropout</translation>
    </message>
    <message>
        <source>Share of each part&apos;s output dropped before it is added.</source>
        <translation>各ブロックの出力のドロップアウト率。残差に加える前に落とします。</translation>
    </message>
    <message>
        <source>Layer norm epsilon</source>
        <translation>層正規化の ε</translation>
    </message>
    <message>
        <source>Added to the variance in each layer norm.</source>
        <translation>各層正規化で分散に加える値。</translation>
    </message>
    <message>
        <source>Initialisation</source>
        <translation>重みの初期化</translation>
    </message>
    <message>
        <source>gpt1: N(0, 0.02), zero biases. gpt2: the same, with the layers&apos; outputs scaled by 1/sqrt(2 layers). torch: PyTorch&apos;s defaults, as in the notebook.</source>
        <translation>gpt1: N(0, 0.02)、バイアスは 0。gpt2: 同じで、層の出力を 1/sqrt(2 × 層数) 倍。torch: ノートブックと同じ PyTorch の既定。</translation>
    </message>
    <message>
        <source>Form</source>
        <translation>減衰の形</translation>
    </message>
    <message>
        <source>cosine: after the warmup, half a cosine down to the floor. gpt1: as in the code released with GPT-1, down to zero.</source>
        <translation>cosine: ウォームアップの後、半周期のコサインで下限まで。gpt1: GPT-1 の公開コードと同じく 0 まで。</translation>
    </message>
    <message>
        <source>Peak rate</source>
        <translation>ピーク学習率</translation>
    </message>
    <message>
        <source>The learning rate at the end of the warmup.</source>
        <translation>ウォームアップ終了時の学習率。</translation>
    </message>
    <message>
        <source>Floor</source>
        <translation>下限</translation>
    </message>
    <message>
        <source>The learning rate at the last step (form cosine).</source>
        <translation>最後のステップの学習率 (減衰の形が cosine の場合)。</translation>
    </message>
    <message>
        <source>Warmup</source>
        <translation>ウォームアップ</translation>
    </message>
    <message>
        <source>Steps over which the rate rises to its peak.</source>
        <translation>学習率がピークに上がるまでのステップ数。</translation>
    </message>
    <message>
        <source>steps</source>
        <translation>ステップ</translation>
    </message>
    <message>
        <source>Optimizer</source>
        <translation>オプティマイザ</translation>
    </message>
    <message>
        <source>adam: weight decay joins the gradient. adamw: decay is applied to the weights themselves. gpt1-adam: the same, with epsilon as in the code released with GPT-1.</source>
        <translation>adam: 重み減衰を勾配に加えます。adamw: 重みそのものを減衰させます。gpt1-adam: adamw と同じで、ε の扱いは GPT-1 の公開コードどおり。</translation>
    </message>
    <message>
        <source>Beta 1</source>
        <translation>β1</translation>
    </message>
    <message>
        <source>Decay of the gradient&apos;s running mean.</source>
        <translation>勾配の移動平均の減衰率。</translation>
    </message>
    <message>
        <source>Beta 2</source>
        <translation>β2</translation>
    </message>
    <message>
        <source>Decay of the squared gradient&apos;s running mean.</source>
        <translation>勾配の 2 乗の移動平均の減衰率。</translation>
    </message>
    <message>
        <source>Epsilon</source>
        <translation>ε</translation>
    </message>
    <message>
        <source>Keeps the division by the gradient&apos;s size finite.</source>
        <translation>勾配の大きさで割るときのゼロ除算を防ぐ値。</translation>
    </message>
    <message>
        <source>Weight decay</source>
        <translation>重み減衰</translation>
    </message>
    <message>
        <source>Pull of the matrices, embeddings included, towards zero; biases and norms are left alone.</source>
        <translation>埋め込みを含む行列を 0 に近づける強さ。バイアスと正規化には掛けません。</translation>
    </message>
    <message>
        <source>Gradient clipping</source>
        <translation>勾配クリップ</translation>
    </message>
    <message>
        <source>Largest norm of the gradient; 0 leaves it as it is.</source>
        <translation>勾配クリッピングのノルムの上限。0 ならそのまま。</translation>
    </message>
    <message>
        <source>Batch</source>
        <translation>バッチ</translation>
    </message>
    <message>
        <source>Windows that pass through the model at once.</source>
        <translation>一度にモデルに通す系列の数。</translation>
    </message>
    <message>
        <source>windows</source>
        <translation>系列</translation>
    </message>
    <message>
        <source>Accumulation</source>
        <translation>勾配累積</translation>
    </message>
    <message>
        <source>Batches whose gradients are summed before each step; a larger batch for the same memory.</source>
        <translation>1 ステップで勾配を合計するバッチの数。同じメモリで大きなバッチになります。</translation>
    </message>
    <message>
        <source>batches</source>
        <translation>バッチ</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>ステップ数</translation>
    </message>
    <message>
        <source>Updates of the weights in the whole run.</source>
        <translation>実行全体での重みの更新回数。</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>デバイス</translation>
    </message>
    <message>
        <source>auto, cpu, cuda, cuda:1, mps: where the model trains.</source>
        <translation>auto、cpu、cuda、cuda:1、mps: モデルを学習する場所。</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>精度</translation>
    </message>
    <message>
        <source>auto: the fastest that is safe here: bf16, else fp16 on an older GPU, else fp32. tf32: float32 whose products a GPU rounds to 10 bits. fp16 scales the loss.</source>
        <translation>auto: ここで安全な最速のもの (bf16、古い GPU では fp16、なければ fp32)。tf32: GPU が積を 10 ビットに丸める float32。fp16: 損失をスケーリングします。</translation>
    </message>
    <message>
        <source>Recompute</source>
        <translation>再計算</translation>
    </message>
    <message>
        <source>Keep only each layer&apos;s input for the backward pass and compute the rest again: activation checkpointing, a third slower for far less memory.</source>
        <translation>逆伝播用に各層の入力だけを残し、ほかは計算し直します (activation checkpointing)。3 割ほど遅くなり、メモリは大幅に減ります。</translation>
    </message>
    <message>
        <source>Compile</source>
        <translation>コンパイル</translation>
    </message>
    <message>
        <source>Compile the model with torch.compile: a slow start, often faster on a GPU.</source>
        <translation>モデルを torch.compile でコンパイルします。開始は遅く、GPU では速くなることが多いです。</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>スレッド数</translation>
    </message>
    <message>
        <source>CPU threads; 0 tries a few numbers on this machine and takes the fastest. Fewer do better where other programs keep the cores busy.</source>
        <translation>CPU のスレッド数。0 ならいくつか試して最速のものを使います。ほかのプログラムがコアを使っているときは、少ないほうが速くなります。</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>シード</translation>
    </message>
    <message>
        <source>Sets the first weights, which part is kept for validation, the order of the text and the dropout.</source>
        <translation>重みの初期値、検証に残す部分、テキストの順序、ドロップアウトを決めます。</translation>
    </message>
    <message>
        <source>Deterministic</source>
        <translation>決定的</translation>
    </message>
    <message>
        <source>Same seed, same weights, bit for bit on a GPU too; slower there.</source>
        <translation>同じシードなら、GPU でも重みがビット単位で一致します。GPU では遅くなります。</translation>
    </message>
    <message>
        <source>Evaluate every</source>
        <translation>検証の間隔</translation>
    </message>
    <message>
        <source>Steps from one validation to the next; 0 only at the end.</source>
        <translation>検証から次の検証までのステップ数。0 なら最後だけ。</translation>
    </message>
    <message>
        <source>Evaluation windows</source>
        <translation>検証の系列数</translation>
    </message>
    <message>
        <source>Validation windows, the same each time; 0 takes the whole validation part.</source>
        <translation>検証に使う系列の数。毎回同じ系列です。0 なら検証データ全体。</translation>
    </message>
    <message>
        <source>Sample every</source>
        <translation>サンプルの間隔</translation>
    </message>
    <message>
        <source>Steps from one sample to the next; 0 never.</source>
        <translation>サンプルから次のサンプルまでのステップ数。0 なら作りません。</translation>
    </message>
    <message>
        <source>Checkpoint every</source>
        <translation>保存の間隔</translation>
    </message>
    <message>
        <source>Steps from one checkpoint to the next; 0 only at the end.</source>
        <translation>チェックポイントから次のチェックポイントまでのステップ数。0 なら最後だけ。</translation>
    </message>
    <message>
        <source>Checkpoints kept</source>
        <translation>保存の保持数</translation>
    </message>
    <message>
        <source>How many of the latest checkpoints are kept, besides the best one.</source>
        <translation>最良のもののほかに残す、最新のチェックポイントの数。</translation>
    </message>
    <message>
        <source>Kept for good</source>
        <translation>恒久保存</translation>
    </message>
    <message>
        <source>A checkpoint whose step is a multiple of this is never given up; 0 none.</source>
        <translation>ステップがこの数の倍数のチェックポイントは削除しません。0 ならありません。</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>プロンプト</translation>
    </message>
    <message>
        <source>What the samples along the way begin with.</source>
        <translation>途中のサンプルの書き出し。</translation>
    </message>
    <message>
        <source>Pinned prompts</source>
        <translation>固定した文</translation>
    </message>
    <message>
        <source>Further prompts that the samples along the way are made of, each time with the same seed.</source>
        <translation>途中のサンプルを作るほかのプロンプト。毎回同じシードを使います。</translation>
    </message>
    <message>
        <source>Length</source>
        <translation>長さ</translation>
    </message>
    <message>
        <source>Tokens to sample at most.</source>
        <translation>サンプルの最大トークン数。</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>Below 1 safer, above 1 bolder; 0 always takes the likeliest token.</source>
        <translation>1 より小さいと手堅く、大きいと大胆に。0 なら常に最も確率の高いトークンを選びます。</translation>
    </message>
    <message>
        <source>Top-k</source>
        <translation>Top-k</translation>
    </message>
    <message>
        <source>Choose among this many of the likeliest tokens; 0 among all.</source>
        <translation>確率の高い順にこの数のトークンから選びます。0 ならすべてから。</translation>
    </message>
    <message>
        <source>Top-p</source>
        <translation>Top-p</translation>
    </message>
    <message>
        <source>Choose among the likeliest tokens that together hold this probability.</source>
        <translation>確率の高い順に、合計がこの確率になるまでのトークンから選びます。</translation>
    </message>
    <message>
        <source>Repetition penalty</source>
        <translation>繰り返しペナルティ</translation>
    </message>
    <message>
        <source>Above 1, tokens that stand in the text already become less likely.</source>
        <translation>1 より大きいと、すでに出たトークンが選ばれにくくなります。</translation>
    </message>
    <message>
        <source>Stop at</source>
        <translation>停止文字列</translation>
    </message>
    <message>
        <source>Texts at which the answer ends, before them.</source>
        <translation>現れると、その直前で回答を終える文字列。</translation>
    </message>
    <message>
        <source>Samples</source>
        <translation>サンプル数</translation>
    </message>
    <message>
        <source>Different answers to one prompt, made at once.</source>
        <translation>1 つのプロンプトに対して一度に作る回答の数。</translation>
    </message>
    <message>
        <source>Same seed, same text.</source>
        <translation>同じシードなら同じテキスト。</translation>
    </message>
</context>
<context>
    <name>states</name>
    <message>
        <source>Preparing</source>
        <translation>準備中</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>学習中</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>一時停止中</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>完了</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>失敗</translation>
    </message>
    <message>
        <source>Closed</source>
        <translation>終了</translation>
    </message>
    <message>
        <source>Not started</source>
        <translation>未開始</translation>
    </message>
    <message>
        <source>Interrupted</source>
        <translation>中断</translation>
    </message>
    <message>
        <source>Training elsewhere</source>
        <translation>別の場所で学習中</translation>
    </message>
    <message>
        <source>Unreadable</source>
        <translation>読み込み不可</translation>
    </message>
</context>
</TS>
