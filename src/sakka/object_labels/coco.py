"""The 91 object labels of COCO's original map, by name in English and Japanese, and "none": 92 in all.

COCO was announced with 91 kinds of object and released with 80: street sign, hat, shoe, eye glasses, plate, mirror,
window, desk, door, blender and hair brush have an id and no example. The paper's vectors have a column for each of the
91, so ours have it too; a detector trained on COCO never fills those eleven.

A label's id is its column in a work's vector; column 0 is "none".

Source: Lin et al., "Microsoft COCO: Common Objects in Context", 2014, appendix; the ids are those of
https://github.com/tensorflow/models/blob/master/research/object_detection/data/mscoco_complete_label_map.pbtxt
"""

from dataclasses import dataclass

NONE_COLUMN = 0


@dataclass(frozen=True)
class Label:
    """One kind of object.

    Attributes:
        id: Its id in COCO's original map, 1 to 91, which is its column in a vector; 0 is "none".
        english: Its name in COCO.
        japanese: Its name in Japanese.
    """

    id: int
    english: str
    japanese: str


_NAMES = (
    ("none", "なし"),
    ("person", "人"),
    ("bicycle", "自転車"),
    ("car", "自動車"),
    ("motorcycle", "オートバイ"),
    ("airplane", "飛行機"),
    ("bus", "バス"),
    ("train", "電車"),
    ("truck", "トラック"),
    ("boat", "船"),
    ("traffic light", "信号機"),
    ("fire hydrant", "消火栓"),
    ("street sign", "道路標識"),
    ("stop sign", "一時停止標識"),
    ("parking meter", "パーキングメーター"),
    ("bench", "ベンチ"),
    ("bird", "鳥"),
    ("cat", "猫"),
    ("dog", "犬"),
    ("horse", "馬"),
    ("sheep", "羊"),
    ("cow", "牛"),
    ("elephant", "象"),
    ("bear", "熊"),
    ("zebra", "シマウマ"),
    ("giraffe", "キリン"),
    ("hat", "帽子"),
    ("backpack", "リュックサック"),
    ("umbrella", "傘"),
    ("shoe", "靴"),
    ("eye glasses", "眼鏡"),
    ("handbag", "ハンドバッグ"),
    ("tie", "ネクタイ"),
    ("suitcase", "スーツケース"),
    ("frisbee", "フリスビー"),
    ("skis", "スキー板"),
    ("snowboard", "スノーボード"),
    ("sports ball", "スポーツ用ボール"),
    ("kite", "凧"),
    ("baseball bat", "野球のバット"),
    ("baseball glove", "野球のグローブ"),
    ("skateboard", "スケートボード"),
    ("surfboard", "サーフボード"),
    ("tennis racket", "テニスラケット"),
    ("bottle", "瓶"),
    ("plate", "皿"),
    ("wine glass", "ワイングラス"),
    ("cup", "カップ"),
    ("fork", "フォーク"),
    ("knife", "ナイフ"),
    ("spoon", "スプーン"),
    ("bowl", "ボウル"),
    ("banana", "バナナ"),
    ("apple", "リンゴ"),
    ("sandwich", "サンドイッチ"),
    ("orange", "オレンジ"),
    ("broccoli", "ブロッコリー"),
    ("carrot", "ニンジン"),
    ("hot dog", "ホットドッグ"),
    ("pizza", "ピザ"),
    ("donut", "ドーナツ"),
    ("cake", "ケーキ"),
    ("chair", "椅子"),
    ("couch", "ソファ"),
    ("potted plant", "鉢植え"),
    ("bed", "ベッド"),
    ("mirror", "鏡"),
    ("dining table", "食卓"),
    ("window", "窓"),
    ("desk", "机"),
    ("toilet", "便器"),
    ("door", "扉"),
    ("tv", "テレビ"),
    ("laptop", "ノートパソコン"),
    ("mouse", "マウス"),
    ("remote", "リモコン"),
    ("keyboard", "キーボード"),
    ("cell phone", "携帯電話"),
    ("microwave", "電子レンジ"),
    ("oven", "オーブン"),
    ("toaster", "トースター"),
    ("sink", "流し台"),
    ("refrigerator", "冷蔵庫"),
    ("blender", "ミキサー"),
    ("book", "本"),
    ("clock", "時計"),
    ("vase", "花瓶"),
    ("scissors", "はさみ"),
    ("teddy bear", "テディベア"),
    ("hair drier", "ヘアドライヤー"),
    ("toothbrush", "歯ブラシ"),
    ("hair brush", "ヘアブラシ"),
)

LABELS: tuple[Label, ...] = tuple(Label(index, english, japanese) for index, (english, japanese) in enumerate(_NAMES))
N_LABELS = len(LABELS)
