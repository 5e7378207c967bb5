"""Invented names: common surnames as common as they are, given names by generation and sex, each with its sound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from county.marginals import drawn
from engine.language.columns.values import Array

_SURNAMES = (
    "王wang71 李li71 张zhang66 刘liu53 陈chen45 杨yang31 赵zhao21 黄huang21 周zhou19 吴wu19 徐xu15 孙sun14 胡hu12 朱zhu12 "
    "高gao11 林lin11 何he11 郭guo11 马ma10 罗luo9 梁liang8 宋song8 郑zheng8 谢xie7 韩han7 唐tang7 冯feng6 于yu6 董dong6 "
    "萧xiao5 程cheng5 曹cao5 袁yuan5 邓deng5 许xu5 傅fu5 沈shen5 曾zeng5 彭peng5 吕lv5 苏su4 卢lu4 蒋jiang4 蔡cai4 贾jia4 "
    "丁ding4 魏wei4 薛xue4 叶ye4 阎yan4 余yu4 潘pan4 杜du4 戴dai3 夏xia3 钟zhong3 汪wang3 田tian3 任ren3 姜jiang3 范fan3 "
    "方fang3 石shi3 姚yao3 谭tan3 廖liao3 邹zou3 熊xiong3 金jin3 陆lu3 郝hao3 孔kong3 白bai3 崔cui3 康kang2 毛mao2 邱qiu2 "
    "秦qin2 江jiang2 史shi2 顾gu2 侯hou2 邵shao2 孟meng2 龙long2 万wan2 段duan2 雷lei2 钱qian2 汤tang2 尹yin2 黎li2 易yi2"
)
_MEN = (
    "国guo 建jian 志zhi 永yong 德de 文wen 明ming 鸣ming 军jun 钧jun 伟wei 玮wei 强qiang 勇yong 平ping 华hua 骅hua 林lin "
    "福fu 贵gui 生sheng 成cheng 诚cheng 春chun 海hai 学xue 兴xing 庆qing 忠zhong 义yi 仁ren 宝bao 保bao 柱zhu 山shan 河he "
    "江jiang 龙long 虎hu 刚gang 杰jie 涛tao 波bo 鹏peng 飞fei 磊lei 超chao 浩hao 宇yu 轩xuan 晨chen 辰chen 阳yang 洋yang "
    "峰feng 锋feng 辉hui 斌bin 彬bin 亮liang 凯kai 俊jun 豪hao 博bo 子zi 天tian 少shao 振zhen 玉yu 景jing 立li 利li 大da"
)
_WOMEN = (
    "秀xiu 英ying 瑛ying 兰lan 岚lan 芳fang 桂gui 珍zhen 贞zhen 淑shu 梅mei 玉yu 红hong 虹hong 霞xia 丽li 莉li 敏min 静jing "
    "艳yan 燕yan 萍ping 屏ping 娟juan 娥e 凤feng 香xiang 云yun 芸yun 琴qin 芹qin 花hua 荣rong 琳lin 玲ling 铃ling 婷ting "
    "雪xue 慧hui 惠hui 佳jia 嘉jia 欣xin 馨xin 怡yi 宜yi 雨yu 语yu 梦meng 涵han 晗han 璇xuan 萱xuan 诗shi 琪qi 琦qi 颖ying "
    "洁jie 倩qian 月yue 春chun 素su 翠cui 金jin 美mei 爱ai 小xiao 晓xiao 文wen 永yong 建jian 莲lian 连lian 彩cai"
)
_MODERN = 30  # from here on a list holds what parents took to later


def _parsed(text: str) -> tuple[list[str], list[str], list[int]]:
    signs, sounds, weights = [], [], []
    for word in text.split():
        sound = word[1:].rstrip("0123456789")
        signs.append(word[0])
        sounds.append(sound)
        weights.append(int(word[1 + len(sound) :] or 1))
    return signs, sounds, weights


_SURNAME, _SURNAME_SOUND, _SURNAME_WEIGHT = _parsed(_SURNAMES)
_men, _women = _parsed(_MEN), _parsed(_WOMEN)
SIGNS = np.array([*_SURNAME, *_men[0], *_women[0], ""])
SOUNDS = np.array([*_SURNAME_SOUND, *_men[1], *_women[1], ""])
NONE = len(SIGNS) - 1
_FIRST = (len(_SURNAME), len(_SURNAME) + len(_men[0]))  # where the names of men and of women begin
_COUNT = (len(_men[0]), len(_women[0]))


@dataclass(slots=True)
class Names:
    """Places of signs: the surname, and one or two signs of the given name."""

    surname: Array
    first: Array
    second: Array

    def written(self) -> Array:
        return np.char.add(np.char.add(SIGNS[self.surname], SIGNS[self.first]), SIGNS[self.second])

    def sound(self) -> Array:
        parts = [SOUNDS[one] for one in (self.surname, self.first, self.second)]
        return np.char.add(np.char.add(np.char.add(parts[0], " "), parts[1]), parts[2])

    def copy(self, to: Array, of: Array) -> None:
        for column in (self.surname, self.first, self.second):
            column[to] = column[of]


def surnames(random: np.random.Generator, size: int) -> Array:
    return drawn(random, tuple(map(float, _SURNAME_WEIGHT)), size)


def given(random: np.random.Generator, sex: Array, born: Array) -> tuple[Array, Array]:
    """Signs by sex and year of birth. One in nine has a single sign, most of them born around 1970 to 1995."""
    size = len(sex)
    count, first = np.array(_COUNT)[sex], np.array(_FIRST)[sex]
    modern = np.clip((born - 1955) / 40, 0, 1)
    low = np.where(random.random(size) < modern, (_MODERN * modern).astype(np.int64), 0)

    def sign() -> Array:
        drawn_ = random.random(size) ** 1.15
        return first + np.minimum(low + (drawn_ * (count - low)).astype(np.int64), count - 1)

    single = random.random(size) < np.where((born > 1970) & (born < 1995), 0.2, 0.06)
    one, other = sign(), sign()
    return one, np.where(single, NONE, other)


def alike(sign: int) -> int | None:
    """Another sign with the same sound, if the lists have one."""
    same = np.flatnonzero((SOUNDS[sign] == SOUNDS) & (SIGNS[sign] != SIGNS))
    same = same[same >= _FIRST[0]]
    return int(same[0]) if len(same) else None
