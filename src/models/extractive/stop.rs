//! Words of questions that tell nothing, or little, of what is asked.

/// Words that ask and bind but name nothing. Sorted.
pub const CHINESE_STOPS: [&str; 87] = [
    "一下", "一个", "一些", "不", "与", "为", "之", "之后", "也", "了", "什么", "他们", "以",
    "以后", "会", "但是", "你", "你们", "你好", "关于", "其", "到", "前", "可", "可以", "可能",
    "后", "向", "吗", "吧", "告诉", "呢", "和", "哪", "啊", "因为", "在", "多", "她", "如何",
    "如果", "它", "它们", "对", "将", "就", "就是", "就要", "希望", "应当", "应该", "得", "怎么",
    "怎样", "您", "想", "我", "我们", "或", "所以", "才", "才能", "把", "时", "是", "是否", "有",
    "没有", "满", "的", "着", "知道", "给", "能", "能否", "被", "要", "请", "谁", "还", "还是",
    "还有", "还能", "这", "这个", "那个", "都",
];

/// Phrases that ask, the longer ones first: cut out before words are.
pub const CHINESE_ASKING: [&str; 26] = [
    "可不可以",
    "什么时候",
    "为什么",
    "怎么样",
    "怎么办",
    "能不能",
    "是不是",
    "有没有",
    "要不要",
    "告诉我",
    "我想问",
    "请问",
    "哪儿",
    "何时",
    "哪些",
    "哪个",
    "哪里",
    "为何",
    "可否",
    "多久",
    "如何",
    "什么",
    "怎么",
    "怎样",
    "哪种",
    "想问",
];

/// Words that ask for a kind of text and seldom stand in it: welcome, but not demanded. Sorted.
pub const CHINESE_VAGUE: [&str; 43] = [
    "一共", "一般", "中", "介绍", "价格", "允许", "具体", "内容", "办法", "加", "原因", "发生",
    "号码", "小时", "属于", "左右", "总共", "情况", "意思", "政策", "数量", "方式", "方法", "时",
    "时候", "时间", "最", "最低", "最多", "最大", "最少", "最长", "最高", "有关", "条件", "标准",
    "次", "步骤", "流程", "满足", "要求", "规定", "需要",
];

/// Sorted; "s" is what an apostrophe leaves of a genitive.
pub const ENGLISH_STOPS: [&str; 103] = [
    "a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be",
    "been", "before", "being", "but", "by", "can", "could", "did", "do", "does", "doing", "don",
    "for", "from", "get", "got", "had", "has", "have", "he", "her", "here", "him", "his", "how",
    "i", "if", "in", "into", "is", "it", "its", "just", "let", "long", "many", "may", "me",
    "might", "much", "must", "my", "no", "not", "of", "often", "on", "one", "or", "our", "out",
    "please", "s", "shall", "she", "should", "so", "some", "t", "tell", "than", "that", "the",
    "their", "them", "then", "there", "these", "they", "this", "those", "to", "too", "under", "us",
    "was", "we", "were", "what", "when", "where", "which", "while", "who", "whose", "why", "will",
    "with", "would", "you",
];

/// Like [`CHINESE_VAGUE`], as stems. Sorted.
pub const ENGLISH_VAGUE: [&str; 46] = [
    "address",
    "allow",
    "amount",
    "and",
    "condit",
    "differ",
    "during",
    "exact",
    "find",
    "give",
    "go",
    "happen",
    "kind",
    "know",
    "like",
    "limit",
    "list",
    "make",
    "maximum",
    "mean",
    "minimum",
    "most",
    "need",
    "number",
    "per",
    "place",
    "polici",
    "possibl",
    "reason",
    "recommend",
    "requir",
    "rule",
    "say",
    "show",
    "someth",
    "sort",
    "take",
    "thing",
    "time",
    "total",
    "type",
    "use",
    "want",
    "way",
    "work",
    "your",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_for_the_search() {
        assert!(ENGLISH_STOPS.is_sorted() && ENGLISH_VAGUE.is_sorted());
        assert!(CHINESE_STOPS.is_sorted() && CHINESE_VAGUE.is_sorted());
    }
}
