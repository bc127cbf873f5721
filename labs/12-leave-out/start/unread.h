	u32 header_words; /* how many words below the context it reads, as plan.h draws them */
	u32 unread;       /* bit i: it never reads slot i of its context; 0 if that is not known */
