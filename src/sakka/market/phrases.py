"""The phrases that shops on the market write with. Each creator uses some of them, in their own manner.

Braces stand for facts of the work: {motif} {material} {colour} {second} {accent} {kind} {width} {height} {shop} {me}.
Sentences stand in three manners: polite (です・ます), honorific (ございます) and plain.
"""

MANNERS = ("polite", "honorific", "plain")

SHOP_STEMS = (
    "mori",
    "umi",
    "hana",
    "yuki",
    "sora",
    "kaze",
    "tsuki",
    "hoshi",
    "niwa",
    "machi",
    "komorebi",
    "hinata",
    "tori",
    "neko",
    "ito",
    "nuno",
    "ringo",
    "suzu",
    "aoi",
    "midori",
    "kumo",
    "iro",
    "haru",
    "natsu",
    "aki",
    "fuyu",
    "moku",
    "chiku",
    "ruri",
    "akane",
    "botan",
    "tane",
    "nami",
    "ishi",
    "yume",
    "uta",
    "koto",
    "tabi",
    "hibi",
    "mame",
)
SHOP_FORMS = (
    "{a}{b}工房",
    "atelier {a}{b}",
    "{a}{b}舎",
    "アトリエ{a}{b}",
    "{a}{b}屋",
    "petit {a}{b}",
    "{a}{b} handmade",
    "手しごと{a}{b}",
    "小さな{a}{b}",
    "{a}{b}商店",
    "{a}{b}製作所",
    "maison {a}{b}",
    "{a}{b}のブローチ店",
    "cafe {a}{b}",
    "{a}{b}と森",
    "{a}{b}雑貨店",
    "{a}{b} factory",
    "{a}{b}堂",
    "{a}{b}日和",
    "salon {a}{b}",
    "{a}{b} works",
    "{a}{b}のアトリエ",
    "{a}{b}房",
    "布と糸の{a}{b}",
    "{a}{b}便り",
    "{a}{b} studio",
    "うちの{a}{b}",
    "{a}{b}亭",
)

DECORATIONS = (
    ("", ""),
    ("", ""),
    ("☆", "☆"),
    ("★", ""),
    ("【", "】"),
    ("*", "*"),
    ("◆", "◆"),
    ("〜", "〜"),
    ("♪", "♪"),
    ("「", "」"),
    ("✿", "✿"),
    ("・", ""),
    ("≪", "≫"),
    ("❀", ""),
    ("＊", "＊"),
    ("○", ""),
)

TITLES = (
    "{material}の{motif}の{kind}",
    "{motif}の{kind}",
    "{colour}の{motif}{kind}",
    "{motif} {material}{kind}",
    "{material}{kind} {motif}",
    "{motif}の{kind}（{colour}）",
    "{colour}×{second} {motif}の{kind}",
    "{motif}{kind}",
    "大人かわいい{motif}の{kind}",
    "ちいさな{motif}の{kind}",
    "{colour}の{motif}…{kind}",
    "{material}で作った{motif}",
    "{motif}モチーフの{kind} {colour}",
    "一点もの {motif}の{kind}",
    "{kind}／{motif}／{colour}",
    "ゆらゆら{motif}の{material}{kind}",
)
TITLE_ACCENTS = (" {accent}", "と{accent}", " {accent}付き", "（{accent}）", "+{accent}")

OPENINGS = (
    "ご覧いただきありがとうございます。",
    "はじめまして、{shop}です。",
    "数ある作品の中から見つけてくださり嬉しいです。",
    "こんにちは！",
    "{shop}へようこそ。",
    "見てくださってありがとうございます♪",
    "お立ち寄りくださりありがとうございます。",
    "いつもありがとうございます。",
    "新作です。",
    "再販です。",
    "ご好評につき再販いたします。",
    "季節の新作ができました。",
    "ひとつずつ手作りしています。",
    "人気の作品です。",
)

BODIES = (
    (
        "{colour}の{motif}を{material}で作りました。",
        "{colour}の{motif}を{material}でお作りいたしました。",
        "{colour}の{motif}を{material}で作った。",
    ),
    (
        "{material}の{motif}の{kind}です。色は{colour}です。",
        "{material}の{motif}の{kind}でございます。お色は{colour}でございます。",
        "{material}の{motif}の{kind}。色は{colour}。",
    ),
    (
        "{motif}をモチーフにした{kind}です。{material}製で、{colour}を選びました。",
        "{motif}をモチーフにした{kind}でございます。{material}製で、{colour}をお選びいたしました。",
        "{motif}モチーフの{kind}。{material}、{colour}。",
    ),
    (
        "{colour}と{second}の{motif}を、{material}で仕上げています。",
        "{colour}と{second}の{motif}を、{material}で仕上げております。",
        "{colour}と{second}の{motif}を{material}で。",
    ),
    (
        "素材は{material}、{colour}の{motif}です。",
        "素材は{material}、{colour}の{motif}でございます。",
        "素材：{material}　モチーフ：{motif}　色：{colour}",
    ),
    (
        "{motif}が好きな方へ。{colour}の{material}を使っています。",
        "{motif}のお好きな方へ。{colour}の{material}を用いております。",
        "{motif}好きに。{colour}の{material}を使用。",
    ),
    (
        "{material}ならではの風合いの{colour}の{motif}が胸元にちょこんと止まります。",
        "{material}ならではの風合いの{colour}の{motif}が、胸元を上品に彩ります。",
        "{material}の質感、{colour}の{motif}。胸元に。",
    ),
    (
        "ふと思い立って{motif}を作ってみました。{material}で、色は{colour}です。",
        "このたび{motif}をお作りいたしました。{material}で、お色は{colour}でございます。",
        "{motif}を作った。{material}、色は{colour}。",
    ),
)

ACCENT_SENTENCES = (
    ("{accent}を添えました。", "{accent}をお添えいたしました。", "{accent}付き。"),
    ("アクセントに{accent}をつけています。", "アクセントに{accent}をあしらっております。", "アクセントに{accent}。"),
    ("{accent}がきらりと光ります。", "{accent}が華やかさを添えます。", "{accent}が光る。"),
    ("{accent}がポイントです。", "{accent}がポイントでございます。", "ポイントは{accent}。"),
)

USES = (
    ("お洋服やバッグ、帽子につけてください。", "お洋服やお帽子におつけくださいませ。", "服や鞄に。"),
    ("入園式や卒業式にもおすすめです。", "ご入学式やご卒業式にもお使いいただけます。", "式典にも。"),
    ("プレゼントにもどうぞ。", "贈り物にもお選びいただけます。", "贈り物に。"),
    ("ストールを留めるのにも使えます。", "ストール留めとしてもお使いいただけます。", "ストール留めにも。"),
    ("普段着のアクセントになります。", "普段のお装いのアクセントになります。", "普段着のアクセントに。"),
    ("秋冬のニットやコートに合います。", "秋冬のニットやコートによく映えます。", "ニットやコートに合う。"),
    ("浴衣や着物にも合わせやすいです。", "お着物にも合わせていただけます。", "和装にも。"),
    ("シンプルな服が好きな方におすすめです。", "シンプルなお装いの方におすすめでございます。", "シンプルな服に。"),
)

SIZES = (
    "サイズ 縦{h}cm×横{w}cm",
    "大きさ：約{w}cm",
    "約{h}×{w}cm",
    "【サイズ】{height}mm×{width}mm",
    "size: {width}×{height}mm",
    "たて{h}センチ、よこ{w}センチくらい",
    "■サイズ　{w}cm×{h}cm",
    "◇大きさ◇ 約{h}cm",
    "サイズ…{w}×{h}（cm）",
    "直径約{w}cm",
)

CARE = (
    (
        "手作りのため、ひとつひとつ表情が違います。",
        "手作業のため、一点ごとに表情が異なります。",
        "手作りのため個体差あり。",
    ),
    ("水濡れにご注意ください。", "水濡れにはご注意くださいませ。", "水濡れ注意。"),
    (
        "モニターにより色が違って見えることがあります。",
        "画面により実際のお色と異なる場合がございます。",
        "実物と色が異なる場合あり。",
    ),
    ("金属アレルギーの方はお控えください。", "金属アレルギーの方はお控えくださいませ。", "金属アレルギーの方は不可。"),
    ("強く引っ張らないでくださいね。", "強い力を加えないようお願い申し上げます。", "強く引っ張らないこと。"),
    ("{me}がひとりで作っています。", "{me}が心を込めてお作りしております。", "{me}が製作。"),
    ("神経質な方はご遠慮ください。", "細部を気にされる方はお控えくださいませ。", "神経質な方は不可。"),
    ("裏にはブローチピンがついています。", "裏にブローチピンをおつけしております。", "裏はブローチピン。"),
)
SHIPPING = (
    ("定形外郵便で送ります。", "定形外郵便にてお送りいたします。", "定形外郵便。"),
    ("ネコポスで発送します。", "ネコポスにて発送いたします。", "ネコポス発送。"),
    ("ご入金から3日以内に発送します。", "ご入金確認後、3日以内に発送いたします。", "入金後3日以内に発送。"),
    ("ご注文から1週間ほどお時間をください。", "ご注文後、1週間ほどお時間を頂戴いたします。", "発送まで約1週間。"),
    ("箱に入れてお届けします。", "専用の箱にお入れしてお届けいたします。", "箱入り。"),
    ("簡単なラッピングをしてお送りします。", "簡易包装にてお送りいたします。", "簡易包装。"),
    ("同梱できますのでお声がけください。", "同梱も承ります。お申し付けくださいませ。", "同梱可。"),
    ("クリックポストなら全国一律です。", "クリックポスト、全国一律でお送りいたします。", "クリックポスト。"),
)
CLOSINGS = (
    "よろしくお願いします。",
    "どうぞよろしくお願いいたします。",
    "ゆっくりご覧くださいね♪",
    "素敵なご縁がありますように。",
    "ありがとうございました。",
    "お気軽にメッセージください(^^)",
    "では、また。",
    "{shop}",
    "気に入っていただけたら嬉しいです☆",
    "長く使っていただけますように。",
    "{me}より",
    "ご質問はお気軽にどうぞ。",
)
SELVES = ("私", "わたし", "当店", "当工房", "作者", "わたくし", "店主", "母")
TAGS = (
    "#ハンドメイド",
    "#手作り",
    "#一点もの",
    "#プレゼント",
    "#大人かわいい",
    "#ナチュラル",
    "#北欧",
    "#レトロ",
    "#アンティーク",
    "#和風",
)
SEPARATORS = ("\n", "\n", "\n\n", "", " ", "\n・", "\n＊")
